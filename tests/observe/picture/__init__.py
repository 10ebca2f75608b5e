"""Pictures of dashboards with real data. Not Grafana: the same queries, places, units, thresholds and colours, drawn by
uPlot in headless Chromium, so that somebody can look at them."""

import json
from pathlib import Path

import grafana
from prometheus import Prometheus
from rig.place import CACHE, MissingTool, Place, need_tool
from rig.process import Process

HERE = Path(__file__).resolve().parent
UPLOT = CACHE / "kubernetes" / "uplot" / "node_modules" / "uplot" / "dist"
WIDTH = 1500
# Of a row of Grafana's grid, and what stands above the first.
ROW, HEAD = 36, 64


def draw(board: dict, prometheus: Prometheus, window: grafana.Window, picture: Path, rows: set[str] | None = None) -> None:
    """Writes a PNG of the whole dashboard, or of some of its rows."""
    if not UPLOT.exists():
        raise MissingTool("uPlot", "observe")
    chosen = grafana.choices(board, prometheus, window)
    shown = _rows(board, rows)
    data = {
        "title": board["title"], "width": WIDTH, "row": ROW, "head": HEAD,
        "start": window.start, "end": window.end,
        "variables": [{"name": variable["label"], "value": "default" if variable["type"] == "datasource" else "All"}
                      for variable in board["templating"]["list"] if variable["hide"] != 2],
        "links": [link["title"] for link in board["links"]],
        "panels": [_panel(panel, prometheus, window, chosen) for panel in shown],
    }  # fmt: skip
    height = HEAD + ROW * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in shown) + 12
    with Place("picture") as place:
        page = place.path / "page.html"
        page.write_text(_page(data))
        _shoot(page, picture, height)


def _rows(board: dict, wanted: set[str] | None) -> list[dict]:
    """Panels of those rows, moved up to where rows are missing."""
    if wanted is None:
        return board["panels"]
    shown, up, last, taken = [], 0, 0, False
    for panel in board["panels"]:
        place = panel["gridPos"]
        if panel["type"] == "row":
            taken = panel["title"] in wanted
            up = place["y"] - last if taken else up
        if taken:
            shown.append(panel | {"gridPos": place | {"y": place["y"] - up}})
            last = max(last, place["y"] - up + place["h"])
    return shown


def _panel(panel: dict, prometheus: Prometheus, window: grafana.Window, chosen: dict[str, str]) -> dict:
    frames = []
    for target in panel.get("targets", []):
        query = window.filled(target["expr"], chosen)
        if target["instant"]:
            result = [(one["metric"], [one["value"]]) for one in prometheus.query(query, time=window.end)]
        else:
            series = prometheus.query_range(query, window.start, window.end, window.step)
            result = [(one["metric"], one["values"]) for one in series]
        frames.append({"legend": target["legendFormat"], "ref": target["refId"],
                       "series": [{"labels": labels, "values": [[at, _number(value)] for at, value in values]}
                                  for labels, values in result]})  # fmt: skip
    return panel | {"frames": frames}


def _number(text: str) -> float | None:
    value = float(text)
    return value if abs(value) != float("inf") and value == value else None


def _page(data: dict) -> str:
    style = (UPLOT / "uPlot.min.css").read_text() + (HERE / "page.css").read_text()
    library = (UPLOT / "uPlot.iife.min.js").read_text()
    text = json.dumps(data).replace("</", "<\\/")
    script = "".join((HERE / name).read_text() for name in ("units.js", "panels.js", "page.js")).replace('"use strict";', "")
    head = f"<!doctype html><html lang=en><meta charset=utf-8><style>{style}</style><body><script>{library}</script>"
    return f"{head}<script>const data = {text};</script><script>{script}</script>"


def _shoot(page: Path, picture: Path, height: int) -> None:
    chromium = Process(
        [need_tool("chromium", "observe"), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={page.parent / 'chromium'}", f"--window-size={WIDTH},{height}",
         f"--screenshot={picture}", page.as_uri()],
        page.parent / "chromium.log",
    )  # fmt: skip
    picture.unlink(missing_ok=True)
    chromium.start()
    try:
        chromium.wait(60)
    finally:
        chromium.stop()
    if not picture.exists():
        raise RuntimeError(f"chromium made no picture:\n{chromium.log()[-2000:]}")
