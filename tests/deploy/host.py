"""Mail through a machine: keys that root makes in it, a Postfix outside that asks its postseal, and who judges."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import Machine
from rig import mail, smtp
from rig.place import ROOT, Place
from rig.postfix import Listener, Postfix
from rig.sink import Sink
from rig.verify import DkimPy, passed

DOMAIN, ALICE, OUT = "test.example", "alice@test.example", "someone@dest.example"
BOTH = ("rsa-sha256", "ed25519-sha256")


def blocks(readme: Path, language: str) -> list[str]:
    """What stands in the fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", readme.read_text(), re.M | re.S)


def make_keys(machine: Machine, domain: str = DOMAIN) -> DkimPy:
    """An RSA and an Ed25519 key, and who verifies with the records that keygen prints."""
    said = machine.run(f"postseal keygen {domain} --selector rsa; postseal keygen {domain} --selector ed --algorithm ed25519")
    return DkimPy(records(said))


def records(said: str) -> dict[str, str]:
    return dict(re.findall(r"^(\S+\._domainkey\.\S+)\n(v=DKIM1;.*)$", said, re.M))


@dataclass
class Host:
    """A submission port whose milter is the service in the machine."""

    machine: Machine
    postfix: Postfix
    sink: Sink
    verifier: DkimPy

    @property
    def port(self) -> int:
        return self.postfix.port("submission")

    def send(self, subject: str) -> None:
        reply = smtp.submit(self.port, ALICE, [OUT], mail.make(ALICE, OUT, subject), ALICE)
        assert reply.code == 250, reply
        self.assert_signed(subject)

    def assert_signed(self, subject: str) -> None:
        verdicts = self.verifier.check_one(self.sink.wait_for_subject(subject).data)
        assert [one.selector for one in verdicts] == ["rsa", "ed"]
        assert all(passed(verdicts, DOMAIN, algorithm) for algorithm in BOTH), verdicts


@contextmanager
def host(machine: Machine, place: Place) -> Iterator[Host]:
    verifier = make_keys(machine)
    machine.run("systemctl restart postseal")  # sooner than it would find them
    listener = Listener("submission", "inet:127.0.0.1:8891", sasl=True)
    with Sink() as sink, Postfix(place.folder("postfix"), sink.port, [listener]) as postfix:
        yield Host(machine, postfix, sink, verifier)


def package(version: str = "") -> Path:
    """What `make deb` makes of the binary that is there, or the same under another version."""
    command = [ROOT / "deploy/debian/build.sh", *([version] if version else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())
