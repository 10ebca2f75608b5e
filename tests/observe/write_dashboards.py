#!/usr/bin/python3
"""Writes deploy/grafana/*.json from tests/observe/dashboards, and docs/metrics.md from a postseal: `make dashboards`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
sys.dont_write_bytecode = True

import metrics_doc  # noqa: E402
from dashboards import all_texts  # noqa: E402
from rig.place import Place  # noqa: E402
from scene import everything, keys_of  # noqa: E402

for path, text in all_texts().items():
    path.write_text(text)
    print(path)
with Place("dashboards") as place, everything(place, keys_of(place.folder("keys"), ["d.example"])) as daemon:
    metrics_doc.FILE.write_text(metrics_doc.text(daemon.get("metrics")))
    print(metrics_doc.FILE)
