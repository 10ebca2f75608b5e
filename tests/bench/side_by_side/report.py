"""Figures, targets, the table."""

import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """A figure; with a `target` it must not be more than `limit`, or with `at_least`, not less."""

    section: str
    what: str
    figure: float
    unit: str
    limit: float | None = None
    target: str = ""
    at_least: bool = False

    @property
    def missed(self) -> bool:
        if self.limit is None:
            return False
        return self.figure < self.limit if self.at_least else self.figure > self.limit

    def text(self) -> str:
        verdict = "" if self.limit is None else "MISSED" if self.missed else "ok"
        bound = "" if self.limit is None else f"{'>=' if self.at_least else '<='} {_short(self.limit)} {self.unit}"
        return f"  {self.what:<56} {_short(self.figure):>9} {self.unit:<6} {bound:<18} {verdict:<6} {self.target}".rstrip()


@dataclass
class Report:
    """All rows, printed as they come."""

    rows: list[Row] = field(default_factory=list)

    def section(self, title: str) -> None:
        self._title = title
        print(f"\n{title}", flush=True)

    def add(self, what: str, figure: float, unit: str, limit=None, target: str = "", at_least=False) -> None:
        row = Row(self._title, what, figure, unit, limit, target, at_least)
        self.rows.append(row)
        print(row.text(), flush=True)

    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.missed]

    def json(self) -> list[dict]:
        return [asdict(row) | {"missed": row.missed} for row in self.rows]


def machine() -> list[str]:
    """Processor, kernel, and how busy the machine is with something else."""
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())  # fmt: skip
    one, _, _ = os.getloadavg()
    return [f"{os.cpu_count()} x {cpu}, Linux {platform.release()}", f"load average at the start: {one:.2f}"]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
