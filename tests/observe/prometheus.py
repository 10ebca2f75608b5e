"""A real Prometheus that scrapes the daemon every second, with the alert rules that are shipped."""

import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from rig.place import HOST, ROOT, free_port, need_tool
from rig.process import Process

RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"

CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: {job}
    static_configs: [{{targets: [{targets}]}}]
"""


class QueryError(RuntimeError):
    """Prometheus does not understand, or can't answer."""


class Prometheus:
    """Leaving the context ends it; its data is gone with the folder."""

    def __init__(self, folder: Path, targets: list[str], job: str = "mail"):
        self.address = f"{HOST}:{free_port()}"
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(rules=RULES, job=job, targets=", ".join(f'"{target}"' for target in targets)))
        options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--log.level=warn"]
        command = [need_tool("prometheus", "observe"), *options, f"--web.listen-address={self.address}"]
        self.process = Process(command, folder / "prometheus.log")

    def get(self, path: str, **parameters) -> object:
        query = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{query}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise QueryError(error.read().decode()) from error

    def query(self, expression: str, **parameters) -> list[dict]:
        return self.get("query", query=expression, **parameters)["result"]

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[dict]:
        return self.get("query_range", query=expression, start=start, end=end, step=step)["result"]

    def label_values(self, label: str, selector: str) -> list[str]:
        return self.get(f"label/{label}/values", **{"match[]": selector})

    def alerts(self) -> dict[str, str]:
        """Name of each alert that is not silent, and its state: pending or firing."""
        return {alert["labels"]["alertname"]: alert["state"] for alert in self.get("alerts")["alerts"]}

    def _scraping(self) -> bool:
        try:
            targets = self.get("targets", state="active")["activeTargets"]
        except (OSError, QueryError):
            return False  # not there yet
        return bool(targets) and all(target["health"] == "up" for target in targets)

    def __enter__(self) -> "Prometheus":
        self.process.start()
        self.process.wait_until("scraping", self._scraping, 30)
        return self

    def __exit__(self, *_exc) -> None:
        self.process.stop()
