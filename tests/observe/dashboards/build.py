"""Dashboards, rows and panels: what is written down is what differs from panel to panel, the rest is the same for all.

Rows of panels fill 24 columns from left to right; a panel that does not fit begins the next line.
"""

from dataclasses import dataclass, field

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RUNBOOK = "https://postseal.example/docs/runbook.md"

GREEN, YELLOW, ORANGE, RED, BLUE, PURPLE, TEAL, GREY = (
    "#56A64B", "#E0B400", "#FF9830", "#E02F44", "#5794F2", "#A352CC", "#2BA3A8", "#8E8E99",
)  # fmt: skip

# The same thing has the same colour wherever it is shown.
COLOURS = {
    "accept": GREEN, "quarantine": PURPLE, "tempfail": ORANGE, "reject": RED, "discard": "#7A1F2B", "abort": GREY,
    "rsa-sha256": BLUE, "ed25519-sha256": TEAL,
    "p50": BLUE, "p90": YELLOW, "p99": ORANGE,
    "submission": BLUE, "local": TEAL, "reinject": PURPLE, "mx": GREY,
}  # fmt: skip

# What a label is known to be.
KINDS = {
    "{{verdict}}": {"accept", "quarantine", "tempfail", "reject", "discard", "abort"},
    "{{algorithm}}": {"rsa-sha256", "ed25519-sha256"},
    "{{listener}}": {"submission", "local", "reinject", "mx"},
}

# Which instances: every query has it. And which listeners, where the metric knows them.
ALL = 'job=~"$job", instance=~"$instance"'
LISTENER = ALL + ', listener=~"$listener"'

Thresholds = list[tuple[float | None, str]]


@dataclass
class Panel:
    """A panel without its place. `targets` are queries with their legends."""

    kind: str
    title: str
    description: str
    targets: list[tuple[str, str]]
    unit: str
    width: int
    height: int
    options: dict = field(default_factory=dict)
    defaults: dict = field(default_factory=dict)
    custom: dict = field(default_factory=dict)
    overrides: list = field(default_factory=list)
    transformations: list = field(default_factory=list)
    instant: bool = False
    format: str = "time_series"

    def json(self, number: int, x: int, y: int) -> dict:
        targets = [self._target(*target, ref=chr(ord("A") + at)) for at, target in enumerate(self.targets)]
        panel = {
            "id": number, "type": self.kind, "title": self.title, "description": self.description,
            "datasource": DATASOURCE, "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {
                "defaults": {"unit": self.unit, **self.defaults, "custom": self.custom},
                "overrides": self.overrides,
            },
            "options": self.options, "targets": targets,
        }  # fmt: skip
        return panel | ({"transformations": self.transformations} if self.transformations else {})

    def _target(self, expression: str, legend: str, ref: str) -> dict:
        return {
            "refId": ref, "datasource": DATASOURCE, "expr": expression, "legendFormat": legend,
            "range": not self.instant, "instant": self.instant, "format": self.format,
        }  # fmt: skip


def colour(name: str, value: str) -> dict:
    return _override(name, {"id": "color", "value": {"mode": "fixed", "fixedColor": value}})


def _override(name: str, *properties: dict) -> dict:
    return {"matcher": {"id": "byName", "options": name}, "properties": list(properties)}


def _steps(thresholds: Thresholds) -> dict:
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in thresholds]}


def _reduced() -> dict:
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(title: str, description: str, expression: str, unit: str, thresholds: Thresholds | None = None, *,
         width: int = 3, decimals: int | None = None, mappings: list | None = None, graph: bool = True) -> Panel:  # fmt: skip
    """One figure, green unless a threshold says otherwise, over its course."""
    defaults = {"color": {"mode": "thresholds"}, "thresholds": _steps(thresholds or [(None, BLUE)])}
    if decimals is not None:
        defaults["decimals"] = decimals
    if mappings:
        defaults["mappings"] = mappings
    options = {
        "colorMode": "value", "graphMode": "area" if graph else "none", "justifyMode": "auto", "textMode": "value",
        "orientation": "auto", "reduceOptions": _reduced(), "wideLayout": True, "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }  # fmt: skip
    return Panel("stat", title, description, [(expression, title)], unit, width, 4, options, defaults)


def lines(title: str, description: str, targets: list[tuple[str, str]], unit: str, *, width: int = 12, height: int = 8,
          stacked: bool = False, thresholds: Thresholds | None = None, top: float | None = None,
          colours: dict | None = None) -> Panel:  # fmt: skip
    """Courses over time; stacked where their sum means something."""
    defaults = {"color": {"mode": "palette-classic"}, "min": 0}
    custom = {
        "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 45 if stacked else 8,
        "showPoints": "never", "spanNulls": False, "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "axisPlacement": "auto", "axisSoftMin": 0,
        "thresholdsStyle": {"mode": "dashed" if thresholds else "off"},
    }  # fmt: skip
    if thresholds:
        defaults["thresholds"] = _steps(thresholds)
    if top is not None:
        defaults["max"] = top
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    known = {name: value for name, value in COLOURS.items() if _may_show(targets, name)}
    overrides = [colour(name, value) for name, value in (known | (colours or {})).items()]
    return Panel("timeseries", title, description, targets, unit, width, height, options, defaults, custom, overrides)


def _may_show(targets: list[tuple[str, str]], name: str) -> bool:
    """A colour for what no legend of the panel can become would only be in the way."""
    return any(legend == name or name in KINDS.get(legend, ()) for _, legend in targets)


def bars(title: str, description: str, expression: str, legend: str, unit: str, *, width: int = 12, height: int = 8,
         colours: dict | None = None) -> Panel:  # fmt: skip
    """What there was most of in the time shown."""
    defaults = {"color": {"mode": "fixed", "fixedColor": BLUE}, "min": 0, "thresholds": _steps([(None, BLUE)])}
    options = {
        "displayMode": "basic", "orientation": "horizontal", "reduceOptions": _reduced(), "showUnfilled": True,
        "valueMode": "color", "namePlacement": "left", "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16,
        "maxVizHeight": 28, "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
    }  # fmt: skip
    overrides = [colour(name, value) for name, value in (colours or {}).items()]
    return Panel("bargauge", title, description, [(expression, legend)], unit, width, height, options, defaults,
                 overrides=overrides, instant=True)  # fmt: skip


def heat(title: str, description: str, expression: str, *, width: int = 12, height: int = 8) -> Panel:
    """How many took how long: a histogram's buckets over time."""
    options = {
        "calculate": False, "cellGap": 1, "showValue": "never", "rowsFrame": {"layout": "auto"},
        "color": {"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "exponent": 0.5, "steps": 64,
                  "scale": "exponential", "reverse": False},
        "yAxis": {"unit": "s", "axisPlacement": "left", "reverse": False},
        "tooltip": {"mode": "single", "yHistogram": False}, "legend": {"show": True},
        "filterValues": {"le": 1e-9}, "exemplars": {"color": "rgba(255,0,255,0.7)"},
    }  # fmt: skip
    return Panel("heatmap", title, description, [(expression, "{{le}}")], "s", width, height, options, format="heatmap")


def table(title: str, description: str, targets: list[tuple[str, str]], columns: list[tuple[str, str, str]], *,
          width: int = 12, height: int = 8, red_from: dict | None = None) -> Panel:  # fmt: skip
    """One row for each set of labels; a column for each of them and for the value of each query.

    `columns`: field (a label, or `Value #A`), heading, unit. What is not named is not shown.
    """
    overrides = []
    for _, heading, unit in columns:
        properties = [{"id": "unit", "value": unit}] if unit else []
        if thresholds := (red_from or {}).get(heading):
            properties += [{"id": "thresholds", "value": _steps(thresholds)},
                           {"id": "custom.cellOptions", "value": {"type": "color-text"}}]  # fmt: skip
        if properties:
            overrides.append(_override(heading, *properties))
    organize = {
        "indexByName": {name: at for at, (name, _, _) in enumerate(columns)},
        "renameByName": {name: heading for name, heading, _ in columns},
        "includeByName": {name: True for name, _, _ in columns},
        "excludeByName": {},
    }
    transformations = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]
    options = {"showHeader": True, "cellHeight": "sm"}
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    return Panel("table", title, description, targets, "short", width, height, options,
                 {"thresholds": _steps([(None, "text")])}, custom, overrides, transformations, True, "table")  # fmt: skip


@dataclass
class Row:
    title: str
    panels: list[Panel]
    collapsed: bool = False


@dataclass
class Board:
    """A dashboard: variables, links to the others and to the runbook, rows."""

    uid: str
    title: str
    description: str
    rows: list[Row]
    variables: list[dict] = field(default_factory=list)

    def json(self) -> dict:
        return {
            "uid": self.uid, "title": self.title, "description": self.description, "tags": ["postseal"],
            "schemaVersion": 41, "version": 1, "editable": True, "graphTooltip": 1, "timezone": "browser",
            "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "links": self._links(),
            "templating": {"list": [*_variables(), *self.variables]}, "panels": self._panels(),
            "annotations": {"list": [_reloads()]},
        }  # fmt: skip

    def _links(self) -> list[dict]:
        same = {"includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": ""}
        return [
            {"type": "dashboards", "title": "postseal", "tags": ["postseal"], "asDropdown": False,
             "icon": "external link", **same},
            {"type": "link", "title": "Runbook", "url": "${runbook}", "icon": "doc", "tags": [], "asDropdown": False,
             **same, "includeVars": False, "keepTime": False, "targetBlank": True},
        ]  # fmt: skip

    def _panels(self) -> list[dict]:
        panels, y = [], 0
        for row in self.rows:
            head = {"id": len(panels) + 1, "type": "row", "title": row.title, "collapsed": row.collapsed,
                    "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []}  # fmt: skip
            panels.append(head)
            x, y, height = 0, y + 1, 0
            for panel in row.panels:
                if x + panel.width > 24:
                    x, y, height = 0, y + height, 0
                panels.append(panel.json(len(panels) + 1, x, y))
                x, height = x + panel.width, max(height, panel.height)
            y += height
        return panels


def query_variable(name: str, label: str, query: str) -> dict:
    """A choice of values of a label, several or all."""
    return {
        "name": name, "label": label, "type": "query", "datasource": DATASOURCE,
        "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
        "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}, "hide": 0,
    }  # fmt: skip


def _variables() -> list[dict]:
    job = 'postseal_build_info{job=~"$job"}'
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0,
         "current": {"text": "default", "value": "default"}},
        query_variable("job", "Job", "label_values(postseal_build_info, job)"),
        query_variable("instance", "Instance", f"label_values({job}, instance)"),
        query_variable("listener", "Listener", f"label_values(postseal_connections_total{{{ALL}}}, listener)"),
        {"name": "runbook", "label": "Runbook", "type": "constant", "query": RUNBOOK, "hide": 2,
         "current": {"text": RUNBOOK, "value": RUNBOOK}},
    ]  # fmt: skip


def _reloads() -> dict:
    """A mark wherever a configuration came in force."""
    return {
        "name": "Configuration loaded", "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": TEAL,
        "target": {
            "refId": "Anno", "datasource": DATASOURCE, "instant": False, "range": True,
            "expr": f"changes(postseal_config_last_reload_timestamp_seconds{{{ALL}}}[$__rate_interval]) > 0",
        },
    }  # fmt: skip
