"""What foreign verifiers say of each signature of a message.

    DkimPy      in this process; RSA and Ed25519; keys from a dict
    MailDkim    Perl's Mail::DKIM in one process for all messages; Debian's version knows RSA only; keys by DNS
    OpenDkimT   `opendkim -t`, a few hundred messages a call; RSA and Ed25519; keys by DNS

Each has `check(messages)`: a list of verdicts for each message.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import mail
from .dns import NameServer
from .keys import Key
from .place import HOST, MissingTool, need_tool

try:
    import dkim
except ImportError as error:
    raise MissingTool("python3-dkim", "demo") from error


@dataclass(frozen=True)
class Verdict:
    """One verifier about one signature."""

    verifier: str
    domain: str
    selector: str
    algorithm: str
    passed: bool
    detail: str = ""

    def __str__(self) -> str:
        result = "pass" if self.passed else f"FAIL ({self.detail})"
        return f"{self.verifier}: {self.algorithm} d={self.domain} s={self.selector}: {result}"


class DkimPy:
    """`records`: full record name -> text."""

    name = "dkimpy"

    def __init__(self, records: dict[str, str]):
        self.records = {name.rstrip("."): text.encode() for name, text in records.items()}

    @classmethod
    def for_keys(cls, keys: list[Key]) -> "DkimPy":
        return cls({key.name: key.record for key in keys})

    def check(self, messages: list[bytes]) -> list[list[Verdict]]:
        return [self.check_one(message) for message in messages]

    def check_one(self, message: bytes) -> list[Verdict]:
        verifier = dkim.DKIM(message, minkey=1024)
        return [self._signature(verifier, at, tags) for at, tags in enumerate(mail.signatures(message))]

    def _signature(self, verifier, at: int, tags: dict[str, str]) -> Verdict:
        try:
            passed, detail = verifier.verify(idx=at, dnsfunc=self._lookup), "does not verify"
        except dkim.DKIMException as error:
            passed, detail = False, str(error)
        return _verdict(self.name, tags, passed, detail)

    def _lookup(self, name: bytes, timeout: float = 5) -> bytes | None:
        return self.records.get(name.decode().rstrip("."))


class MailDkim:
    """Use as a context manager: the Perl process ends with it."""

    name = "Mail::DKIM"

    def __init__(self, dns: NameServer):
        script = Path(__file__).with_name("mail_dkim.pl")
        self.child = subprocess.Popen(
            [need_tool("perl"), str(script), HOST, str(dns.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def check(self, messages: list[bytes]) -> list[list[Verdict]]:
        return [self.check_one(message) for message in messages]

    def check_one(self, message: bytes) -> list[Verdict]:
        self.child.stdin.write(b"%d\n%s" % (len(message), message))
        self.child.stdin.flush()
        verdicts = []
        while (line := self.child.stdout.readline()) != b".\n":
            if not line:
                raise MissingTool("Mail::DKIM (libmail-dkim-perl)")
            algorithm, domain, selector, result, detail = line.decode().rstrip("\n").split("\t")
            verdicts.append(Verdict(self.name, domain, selector, algorithm, result == "pass", detail))
        return verdicts

    def __enter__(self) -> "MailDkim":
        return self

    def __exit__(self, *_exc) -> None:
        self.child.stdin.close()
        self.child.wait(5)
        self.child.stdout.close()


class OpenDkimT:
    name = "OpenDKIM"
    BATCH = 200
    PART = re.compile(
        r'dkim=(?P<result>\w+)(?: reason="(?P<reason>[^"]*)")?(?: \([^)]*\))*\s+header\.d=(?P<d>\S+)'
        r"\s+header\.i=\S+\s+header\.a=(?P<a>\S+)\s+header\.s=(?P<s>\S+)"
    )

    def __init__(self, folder: Path, dns: NameServer):
        self.folder = folder
        self.config = folder / "verify.conf"
        self.config.write_text(
            f"Mode v\nSyslog no\nUserID root\nNameservers {dns.alias}\nAuthservID rig\nAlwaysAddARHeader yes\n"
        )

    def check(self, messages: list[bytes]) -> list[list[Verdict]]:
        return [
            verdicts
            for at in range(0, len(messages), self.BATCH)
            for verdicts in self._batch(messages[at : at + self.BATCH])
        ]

    def _batch(self, messages: list[bytes]) -> list[list[Verdict]]:
        names = [f"{number}.eml" for number in range(len(messages))]
        for name, message in zip(names, messages):
            (self.folder / name).write_bytes(message)
        done = subprocess.run(
            [need_tool("opendkim"), "-x", self.config.name, "-vv", "-t", ",".join(names)],
            cwd=self.folder,
            capture_output=True,
        )
        parts: dict[str, str] = {name: "" for name in names}
        text = ""
        for line in done.stdout.decode(errors="replace").splitlines():
            text += line + "\n"
            if match := re.match(r"opendkim: (\d+\.eml):", line):
                parts[match[1]] += text
                text = ""
        return [self._verdicts(parts[name]) for name in names]

    def _verdicts(self, text: str) -> list[Verdict]:
        return [
            Verdict(
                self.name, part["d"], part["s"], part["a"], part["result"] == "pass", part["reason"] or part["result"]
            )
            for part in self.PART.finditer(text)
        ]


def _verdict(name: str, tags: dict[str, str], passed: bool, detail: str) -> Verdict:
    return Verdict(name, tags.get("d", "?"), tags.get("s", "?"), tags.get("a", "?"), passed, "" if passed else detail)


def passed(verdicts: list[Verdict], domain: str, algorithm: str) -> bool:
    """There is at least one signature of that domain and algorithm, and all such verify."""
    ours = [one for one in verdicts if one.domain == domain and one.algorithm == algorithm]
    return bool(ours) and all(one.passed for one in ours)
