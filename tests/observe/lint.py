"""What makes a dashboard hard to use or breaks it in a Grafana that is not ours; after grafana's own dashboard-linter."""

import re

import grafana

COUNTER = re.compile(r"\b(\w+_(?:total|bucket|count|sum))\b(?!\()")


def faults(board: dict) -> list[str]:
    """One sentence for each fault."""
    found = [*_board(board), *_grid(board)]
    for panel in grafana.panels(board):
        found += [f"{panel['title'] or panel['id']}: {fault}" for fault in _panel(panel)]
    for place, expression in grafana.queries(board):
        found += [f"{place}: {fault} in {expression}" for fault in _query(expression)]
    return found


def _board(board: dict):
    if not re.fullmatch(r"[a-z0-9-]{8,40}", board["uid"]):
        yield f"uid {board['uid']}"
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) != len(ids):
        yield "panels share an id"
    names = [variable["name"] for variable in board["templating"]["list"]]
    for needed in ("datasource", "job", "instance", "listener"):
        if needed not in names:
            yield f"no variable {needed}"
    text = repr(board["panels"]) + repr(board["links"]) + repr(board["templating"])
    for name in names:
        if f"${name}" not in text and f"${{{name}}}" not in text:
            yield f"variable {name} is not used"
    for name in set(re.findall(r"\$\{?([a-z]\w*)", text)) - set(names):
        yield f"${name} is no variable"
    if not any(link["type"] == "dashboards" for link in board["links"]):
        yield "no link to the other dashboards"
    if not any("runbook" in link.get("url", "") for link in board["links"]):
        yield "no link to the runbook"
    if not board["description"] or not board["title"]:
        yield "no title or no description"


def _grid(board: dict):
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        if place["x"] < 0 or place["x"] + place["w"] > 24:
            yield f"{panel['title']}: beyond 24 columns"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if other := taken.get((x, y)):
                    yield f"{panel['title']}: lies over {other}"
                    return
                taken[x, y] = panel["title"]


def _panel(panel: dict):
    if panel["datasource"]["uid"] != "${datasource}":
        yield "its own data source"
    if not panel["title"] or len(panel["description"]) < 10:
        yield "no title or no description"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield "no unit"
    if not panel["targets"]:
        yield "no query"
    refs = [target["refId"] for target in panel["targets"]]
    if len(set(refs)) != len(refs):
        yield "queries share a refId"
    for target in panel["targets"]:
        if target["datasource"]["uid"] != "${datasource}":
            yield "a query with its own data source"
        if panel["type"] not in ("table", "heatmap") and not target["legendFormat"]:
            yield "a query without a legend"
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            if not re.search(rf"\b{label}\b", target["expr"]) and "instance" not in label:
                yield f"the legend names {label}, which the query drops"


def _query(expression: str):
    selectors = re.findall(r"\b(?:postseal|process)_\w+(\{[^}]*\})?", re.sub(r"\([^()]*\) \(", "(", expression))
    if not all('job=~"$job"' in one and 'instance=~"$instance"' in one for one in selectors):
        yield "a metric without job and instance"
    if re.search(r'\b(?:job|instance|listener)\s*=~?\s*"[^$]', expression):
        yield "a fixed job, instance or listener"
    for window in re.findall(r"\[([^\]]*)\]", expression):
        if window not in ("$__rate_interval", "$__range", "$__interval"):
            yield f"a fixed time [{window}]"
    for match in COUNTER.finditer(expression):
        before = expression[: match.start()]
        if not re.search(r"\b(?:rate|increase)\($", before):
            yield f"{match[1]} without rate() or increase()"
    if expression.count("(") != expression.count(")"):
        yield "parentheses"
