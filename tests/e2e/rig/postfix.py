"""A private Postfix: its own folder, ports, queue, users and log. Nothing of the machine's own Postfix is touched."""

import grp
import os
import pwd
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import postfix_config
from .place import free_port, need_root, need_tool, port_is_open, wait_for
from .process import Process


@dataclass
class Listener:
    """One SMTP port. `sasl`: users must log in, as on a submission port."""

    name: str
    milters: str = ""
    sasl: bool = False
    options: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)


class Postfix:
    """`relay` is the port that all mail goes to; `users` are SASL logins, all with the password `secret`."""

    def __init__(
        self, folder: Path, relay: int, listeners: list[Listener],
        users: tuple[str, ...] = ("alice@test.example", "bob@test.example"), **settings: str,
    ):  # fmt: skip
        need_root("Postfix starts as root")
        self.folder = folder
        self.config = folder / "etc"
        self.listeners = listeners
        self._write(relay, settings)
        self._make_users(users)
        self.process = Process([need_tool("master", "demo"), "-c", self.config, "-d"], folder / "master.log")

    def port(self, name: str) -> int:
        return next(one.port for one in self.listeners if one.name == name)

    def start(self) -> "Postfix":
        self.process.start()
        for one in self.listeners:
            self.process.wait_until(f"port of {one.name}", lambda one=one: port_is_open(one.port))
        return self

    def stop(self) -> None:
        self.process.stop()

    def reload(self) -> None:
        self._run("postfix", "-c", self.config, "reload")

    def set(self, **settings: str) -> None:
        """Changes main.cf and tells the running Postfix."""
        self._run("postconf", "-c", self.config, *(f"{key}={value}" for key, value in settings.items()))
        self.reload()

    def flush(self) -> None:
        """Tries everything that is deferred at once, also what pickup could not hand on."""
        self._run("postqueue", "-c", self.config, "-f")
        self._run("postkick", "-c", self.config, "public", "pickup", "W")

    def sendmail(self, sender: str, recipients: list[str], message: bytes) -> None:
        """Local submission as cron and web applications do it: sendmail(1), postdrop, pickup.

        Root may point these programs to another configuration; for others it would have to be listed in the
        machine's own main.cf.
        """
        local = message.replace(b"\r\n", b"\n")  # what a local program writes
        command = [need_tool("sendmail", "demo"), "-C", str(self.config), "-i", "-f", sender, "--", *recipients]
        subprocess.run(command, input=local, check=True, capture_output=True)

    def queued(self) -> list[str]:
        """The queue ids of all that has not left yet."""
        queues = ("maildrop", "incoming", "active", "deferred", "hold")
        return [file.name for queue in queues for file in (self.folder / "queue" / queue).rglob("*") if file.is_file()]

    def held(self) -> list[str]:
        return [file.name for file in (self.folder / "queue" / "hold").rglob("*") if file.is_file()]

    def release(self) -> None:
        """Lets go all that is on hold."""
        self._run("postsuper", "-c", self.config, "-H", "ALL")

    def wait_empty(self, timeout: float = 60.0) -> None:
        wait_for("an empty Postfix queue", lambda: not self.queued(), timeout, interval=0.1)

    def log(self) -> str:
        path = self.folder / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _write(self, relay: int, settings: dict[str, str]) -> None:
        for name in ("etc/sasl", "queue/pid", "sasl"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        owner, postdrop = pwd.getpwnam("postfix"), grp.getgrnam("postdrop").gr_gid
        for name, mode in postfix_config.FOLDERS.items():
            path = self.folder / name
            path.mkdir()
            os.chown(path, owner.pw_uid, owner.pw_gid if mode == 0o700 else postdrop)
            path.chmod(mode)
        main = postfix_config.MAIN.format(folder=self.folder, name=self.folder.parent.name, relay=relay)
        main += "".join(f"{key} = {value}\n" for key, value in settings.items())
        services = (
            postfix_config.service(one.port, one.name, one.milters, one.sasl, one.options) for one in self.listeners
        )
        (self.config / "main.cf").write_text(main)
        (self.config / "master.cf").write_text("".join(services) + postfix_config.MASTER)
        os.utime(self.config / "main.cf", (0, 0))  # Postfix waits while the file is younger than two seconds
        (self.config / "sasl" / "smtpd.conf").write_text(postfix_config.SASL.format(folder=self.folder))

    def _make_users(self, users: tuple[str, ...]) -> None:
        database = self.folder / "sasl" / "sasldb2"
        for user in users:
            name, _, realm = user.partition("@")
            command = [need_tool("saslpasswd2", "demo"), "-p", "-c", "-f", database, "-u", realm, name]
            subprocess.run(command, input=b"secret", check=True, capture_output=True)
        group = pwd.getpwnam("postfix").pw_gid
        for path, mode in ((database.parent, 0o750), (database, 0o640)):
            os.chown(path, 0, group)
            path.chmod(mode)

    def _run(self, *command) -> str:
        done = subprocess.run([need_tool(command[0], "demo"), *map(str, command[1:])], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr or done.stdout or self.log()[-1000:]}")
        return done.stdout

    def __enter__(self) -> "Postfix":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()
