"""docs/metrics.md, made from what a running postseal says of itself: names, types, labels, the words of each HELP."""

import re
from dataclasses import dataclass, field

from rig.place import ROOT

FILE = ROOT / "docs" / "metrics.md"
# More values than this are not listed.
FEW = 8

HEAD = """\
# Metrics

`GET /metrics` on the admin port, in Prometheus' text format 0.0.4. Names and labels are an interface: a change of them is in
the [change log](../CHANGELOG.md). Made by `make dashboards` from what the program says; don't edit it.

- Labels are bounded by the configuration: mail never makes one. `domain` is a configured domain, the first hundred of them;
  signatures for the rest are counted as `other`. There is no address, user or client in any label.
- What can be foreseen begins at 0, so `rate()` sees the first event, and a condition on a metric never waits for it to appear.
- Reason codes (`filter`, `reason`) are those of the log line and of `postseal explain`.
- Times are histograms: {buckets}.
- There are no exemplars: the format that carries them (OpenMetrics) is not written by the library in use. From a spike
  the log leads on: each line has `queue_id` and `duration_us`.

What is shown where: [dashboards](../deploy/grafana/README.md). What it means when an alert comes: [runbook](runbook.md).
"""


@dataclass
class Family:
    """A metric by the name that queries use (without _bucket and the like)."""

    kind: str = ""
    help: str = ""
    labels: dict[str, set[str]] = field(default_factory=dict)


def families(scrape: str) -> dict[str, Family]:
    found: dict[str, Family] = {}
    for line in scrape.splitlines():
        if match := re.match(r"# (HELP|TYPE) (\S+) (.*)", line):
            family = found.setdefault(match[2], Family())
            if match[1] == "HELP":
                family.help = match[3]
            else:
                family.kind = match[3]
        elif match := re.match(r"(\w+)(?:\{(.*)\})? ", line):
            name = match[1] if match[1] in found else re.sub(r"_(?:bucket|count|sum)$", "", match[1])
            for label, value in re.findall(r'(\w+)="([^"]*)"', match[2] or ""):
                found[name].labels.setdefault(label, set()).add(value)
    return found


def text(scrape: str) -> str:
    parts = {"": [], "Process": []}
    for name, family in sorted(families(scrape).items()):
        parts["Process" if name.startswith("process_") else ""].append(_row(name, family))
    table = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n"
    head = HEAD.format(buckets="0.1 ms to 10 s for messages and the store, 10 us to 0.1 s for signatures")
    return f"{head}\n{table}{''.join(parts[''])}\n## Of the process, as Prometheus' own libraries name them\n\n{table}{''.join(parts['Process'])}"


def _row(name: str, family: Family) -> str:
    labels = [_label(label, values) for label, values in sorted(family.labels.items()) if label != "le"]
    return f"| `{name}` | {family.kind} | {', '.join(labels)} | {family.help} |\n"


# What the configuration or the version decides.
OPEN = {"listener", "domain", "selector", "rule", "version"}


def _label(label: str, values: set[str]) -> str:
    if label in OPEN or len(values) > FEW:
        return f"`{label}`"
    return f"`{label}`: {' '.join(sorted(values))}"
