"""Reads dashboards as Grafana does: panels, queries, variables, and what becomes of them in front of a Prometheus."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus import Prometheus
from rig.place import ROOT

FOLDER = ROOT / "deploy" / "grafana"
FILES = [FOLDER / f"{name}.json" for name in ("overview", "dkim", "limits")]

# A name behind a colon is that of a recording rule.
_METRIC = re.compile(r"(?<![\w:])((?:postseal|process)_\w+|up)\b(?![\w:]|\s*\()")
_HISTOGRAM = re.compile(r"_(?:bucket|count|sum)$")
_LABELS_OF = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)")


def load(path: Path) -> dict:
    return json.loads(path.read_text())


def panels(board: dict) -> Iterator[dict]:
    """Every panel that shows something, in rows that are open or not."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def queries(board: dict) -> Iterator[tuple[str, str]]:
    """Where each query is, and the query."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for annotation in board["annotations"]["list"]:
        yield annotation["name"], annotation["target"]["expr"]


def variables(board: dict) -> Iterator[tuple[str, str, str]]:
    """Name, selector and label of each variable that Prometheus fills."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            match = _LABELS_OF.fullmatch(variable["query"]["query"])
            assert match, variable["query"]
            yield variable["name"], match["selector"], match["label"]


def metrics(expression: str) -> set[str]:
    """The metrics that an expression asks for; a histogram under its own name."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)", "", bare)
    names = set(_METRIC.findall(bare))
    return {_HISTOGRAM.sub("", name) if name.startswith("postseal") else name for name in names}


@dataclass
class Window:
    """The time that is shown, and what Grafana would put for its own variables."""

    start: float
    end: float
    step: int

    def filled(self, expression: str, choices: dict[str, str]) -> str:
        own = {"__rate_interval": "10s", "__interval": f"{self.step}s", "__range": f"{int(self.end - self.start)}s"}
        values = own | choices
        return re.sub(r"\$\{?(\w+)(?::\w+)?\}?", lambda match: values[match[1]], expression)


def choices(board: dict, prometheus: Prometheus, window: Window) -> dict[str, str]:
    """Every variable with all its values chosen, as a regular expression. One without values is an error."""
    chosen: dict[str, str] = {}
    for name, selector, label in variables(board):
        values = prometheus.label_values(label, window.filled(selector, chosen))
        if not values:
            raise AssertionError(f"{board['title']}: no value for ${name}")
        chosen[name] = "|".join(re.escape(value).replace("\\", "\\\\") for value in values)
    return chosen


def empty(board: dict, prometheus: Prometheus, window: Window) -> list[str]:
    """What is wrong with queries: those that bring nothing, or are no PromQL."""
    chosen = choices(board, prometheus, window)
    faults = []
    for place, expression in queries(board):
        query = window.filled(expression, chosen)
        # Over the whole time: what has calmed down by now was still to be seen.
        series = prometheus.query_range(query, window.start, window.end, window.step)
        if not any(value != "NaN" for one in series for _, value in one["values"]):
            faults.append(f"{board['title']} / {place}: no data for {query}")
    return faults
