"""A private Sendmail beside Postfix, from packages that are unpacked and not installed (they exclude each other)."""

import subprocess
from pathlib import Path

from . import sendmail_config
from .place import CACHE, MissingTool, free_port, need_root, need_tool, port_is_open, wait_for
from .process import Process


class Sendmail:
    """`relay` is the port that all mail goes to, by the mailer esmtp, which cuts lines at 990 octets; `milter` is written
    as Sendmail wants it: inet:PORT@HOST; `users` are SASL logins, all with the password `secret`; `more` is text for
    sendmail.mc."""

    def __init__(self, folder: Path, relay: int, milter: str = "", users: tuple[str, ...] = (), more: str = ""):
        need_root("Sendmail starts as root and gets namespaces of its own")
        unpacked = CACHE / "sendmail"
        binary = unpacked / "usr/libexec/sendmail/sendmail"
        if not binary.exists():
            raise MissingTool("Sendmail")
        self.folder = folder
        self.port = free_port()
        self._write(unpacked / "usr/share/sendmail/cf", relay, milter, more)
        self._make_users(users)
        script = sendmail_config.RUN.format(folder=folder, binary=binary)
        self.process = Process([need_tool("unshare"), "-m", "-u", "bash", "-c", script], folder / "sendmail.log")

    def start(self) -> "Sendmail":
        self.process.start()
        self.process.wait_until("port", lambda: port_is_open(self.port), 20)
        return self

    def stop(self) -> None:
        self.process.stop()

    def queued(self) -> list[str]:
        return [file.name for file in (self.folder / "queue").glob("qf*")]

    def wait_empty(self, timeout: float = 60.0) -> None:
        wait_for("an empty Sendmail queue", lambda: not self.queued(), timeout, interval=0.1)

    def _write(self, cf: Path, relay: int, milter: str, more: str) -> None:
        queue = self.folder / "queue"
        queue.mkdir()
        queue.chmod(0o700)
        (self.folder / "hosts").write_text("127.0.0.1 sm.test.example sm localhost\n")
        (self.folder / "service.switch").write_text("hosts files\naliases files\n")
        (self.folder / "helpfile").touch()
        hook = sendmail_config.milter(milter) if milter else ""
        source = self.folder / "sendmail.mc"
        values = {"cf": cf, "folder": self.folder, "relay": relay, "port": self.port, "milter": hook}
        values["more"] = f"{more}\n" if more else ""
        source.write_text(sendmail_config.MC.format(**values))
        command = [need_tool("m4"), f"-D_CF_DIR_={cf}/", str(source)]
        (self.folder / "sendmail.cf").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)

    def _make_users(self, users: tuple[str, ...]) -> None:
        """libsasl2 looks for Sendmail.conf in /usr/lib/sasl2, which is this folder for our Sendmail."""
        folder = self.folder / "sasl"
        folder.mkdir()
        (folder / "Sendmail.conf").write_text(sendmail_config.SASL.format(folder=folder))
        for user in users:
            name, _, realm = user.partition("@")
            command = [need_tool("saslpasswd2", "demo"), "-p", "-c", "-f", folder / "sasldb2", "-u", realm, name]
            subprocess.run(command, input=b"secret", check=True, capture_output=True)
        for file in folder.iterdir():
            file.chmod(0o600)

    def __enter__(self) -> "Sendmail":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()
