"""Every rendered object against the strict schemas (unknown keys are errors) of the oldest and the newest Kubernetes."""

import copy
import json
import os
import subprocess
from pathlib import Path

from chart import NAMES, NEWEST, OLDEST, objects, of_kind, pod, render, tool

# Not of Kubernetes itself; `make test-deploy` checks them against their own types.
FOREIGN = {"PodMonitor", "PrometheusRule"}


def complaints(questions: list[tuple[str, dict]]) -> list[str]:
    """What the schemas say of each object for its version of Kubernetes."""
    command = ["/usr/bin/python3", Path(__file__).with_name("strict_schema.py")]
    asked = json.dumps([(version.rpartition(".")[0], one) for version, one in questions])
    environment = os.environ | {"PYTHONPATH": str(tool("schemas"))}
    return json.loads(subprocess.run(command, input=asked, env=environment, check=True, stdout=-1, text=True).stdout)


def test_strict_schemas():
    questions = [
        (version, one)
        for version in (OLDEST, NEWEST)
        for name in NAMES
        for one in objects(render(name, kube=version)).values()
        if one["kind"] not in FOREIGN
    ]
    assert len(questions) > 30
    assert complaints(questions) == []


def test_the_schema_sees_a_wrong_key_and_an_unknown_kind():
    workload = of_kind(render("sidecar-minimal"), "StatefulSet")[0]
    key, kind = copy.deepcopy(workload), workload | {"kind": "StatefulSets"}
    pod(key)["initContainers"][0]["restartPolicies"] = "Always"
    found = complaints([(NEWEST, workload), (NEWEST, key), (NEWEST, kind)])
    assert len(found) == 2 and "restartPolicies" in found[0], found
