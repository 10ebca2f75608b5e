"""docs/metrics.md, made from what a running postseal says of itself: names, types, labels, the words of each HELP."""

import re
from dataclasses import dataclass, field

from rig.place import ROOT

FILE = ROOT / "docs" / "metrics.md"
# More values than this are not listed.
FEW = 8

HEAD = """\
# Metrics

`GET /metrics` on the admin port, in the Prometheus text format 0.0.4. Names and labels are [an interface](compatibility.md);
changes are in the [change log](../CHANGELOG.md). `make dashboards` makes this page from the answer of the program; do not
edit it.

- The configuration bounds the labels; mail never creates one. `domain` is a configured domain, at most the first hundred of
  them; signatures for the other domains are counted as `other`. No label contains an address, a user or a client.
- Series that can be foreseen begin at 0. So `rate()` sees the first event, and a condition on a metric need not wait for the
  metric to appear.
- Reason codes (`filter`, `reason`) are those of the log line and of `postseal explain`.
- Times are histograms: {buckets}.
- There are no exemplars: the library in use does not write the format that carries them (OpenMetrics). To get from a peak to
  the messages, use the log: each line has `queue_id` and `duration_us`.

The [dashboards](../deploy/grafana/README.md) show the metrics, the [runbook](runbook.md) says what to do when an alert fires, and
the [glossary](glossary.md) explains the words. "Of ours" in a meaning means: of this postseal, or [outgoing](glossary.md#outgoing).
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
    return f"{head}\n{table}{''.join(parts[''])}\n## Metrics of the process, with the names that Prometheus libraries use\n\n{table}{''.join(parts['Process'])}"


def _row(name: str, family: Family) -> str:
    labels = [_label(label, values) for label, values in sorted(family.labels.items()) if label != "le"]
    return f"| `{name}` | {family.kind} | {', '.join(labels)} | {family.help} |\n"


# What the configuration or the version decides.
OPEN = {"listener", "domain", "selector", "rule", "version"}


def _label(label: str, values: set[str]) -> str:
    if label in OPEN or len(values) > FEW:
        return f"`{label}`"
    return f"`{label}`: {' '.join(sorted(values))}"
