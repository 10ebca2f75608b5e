"""`postseal explain` on a file: the log line that the message would get, and the message as it would leave."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import mail
from .postseal import binary


@dataclass
class Explained:
    line: dict
    message: bytes
    given: bytes

    @property
    def found(self) -> list[str]:
        """The checks that found something."""
        return [one.removeprefix("header_checks.") for one in self.line["reasons"] if one.startswith("header_checks.")]

    @property
    def details(self) -> str:
        return "\n".join(self.line["details"])

    @property
    def refused(self) -> bool:
        return self.line["verdict"] in ("reject", "tempfail")

    def values(self, name: str) -> list[bytes]:
        """The values of the fields of that name, as they would leave."""
        return mail.values(self.message, name.encode())

    @property
    def kept(self) -> bool:
        """True if the message leaves as it came, but for signatures above it and a trace field below it."""
        own = ("dkim-signature", "x-postseal-found")
        received = [one for one in mail.fields(self.given) if one[0].lower().decode() not in own]
        leaving = [one for one in mail.fields(self.message) if one[0].lower().decode() not in own]
        return received == leaving and mail.split(self.given)[1] == mail.split(self.message)[1]


def explain(config: Path, file: Path, *arguments: str) -> Explained:
    output = config.with_suffix(".out")
    output.unlink(missing_ok=True)
    command = [binary(), "explain", file, "--config", config, "--json", "--output", output, *arguments]
    run = subprocess.run(command, capture_output=True, check=False, text=True)
    assert run.stdout.startswith("{"), f"{run.stdout}{run.stderr}"
    return Explained(json.loads(run.stdout), output.read_bytes() if output.exists() else b"", file.read_bytes())
