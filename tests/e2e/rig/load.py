"""Load by `postseal-bench`, which plays Postfix: many messages of many users, by many connections."""

import json
import subprocess
from dataclasses import dataclass

from .place import ROOT

BINARY = ROOT / "target" / "release" / "postseal-bench"


@dataclass
class Loaded:
    """What it told."""

    report: dict

    @property
    def accepted(self) -> int:
        return self.report["accepted"]

    @property
    def by_users(self) -> dict[int, int]:
        """How many users had so many messages accepted."""
        return {int(count): users for count, users in self.report["accepted_by_users"].items()}

    @property
    def tempfailed(self) -> int:
        """Messages that ended neither accepted nor with a 5xx reply."""
        fine = ("accept", "continue", "Reply { code: 55")
        return sum(count for reply, count in self.report["replies"].items() if not reply.startswith(fine))

    def slower_than(self, milliseconds: int) -> int:
        """In steps of 10 ms."""
        return sum(count for tens, count in self.report["whole_10ms"].items() if int(tens) * 10 >= milliseconds)

    def times(self) -> str:
        whole = self.report["whole_us"]
        return ", ".join(f"{point} {whole[point] / 1000:.1f} ms" for point in ("p50", "p99", "max"))


class Load:
    """Runs in the background from `start` to `wait`."""

    def __init__(self, addresses: list[str], **options):
        if not BINARY.exists():
            raise FileNotFoundError(f"{BINARY} is missing: run cargo build --release -p postseal-bench")
        flags = [part for address in addresses for part in ("--address", address)]
        flags += [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        self.command = [str(BINARY), "load", *flags, "--signatures", "0", "--size", "300"]
        self.child: subprocess.Popen | None = None

    def start(self) -> "Load":
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self

    def wait(self, timeout: float = 900) -> Loaded:
        out, error = self.child.communicate(timeout=timeout)
        if not out.startswith("{"):
            raise RuntimeError(f"{' '.join(self.command)}\n{out}{error}")
        return Loaded(json.loads(out))
