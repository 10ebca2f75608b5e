"""The chart, rendered by helm; and the tools that judge what comes out, from where `tests/setup.sh` has put them."""

import subprocess
from pathlib import Path

import yaml

from rig.place import CACHE, ROOT, MissingTool

KUBERNETES = ROOT / "deploy" / "kubernetes"
CHART = KUBERNETES / "chart"
VALUES = sorted((KUBERNETES / "values").glob("*.yaml"))
NAMES = [file.stem for file in VALUES]
OLDEST, NEWEST = "1.29.0", "1.37.0"


def tool(name: str, group: str = "test") -> Path:
    """What `tests/deploy/tools.sh` has fetched."""
    path = CACHE / "kubernetes" / name
    if not path.exists():
        raise MissingTool(f"target/e2e-cache/kubernetes/{name}", group)
    return path


def helm(*arguments, version: str = "helm4", fails: bool = False) -> str:
    """What helm writes; with `fails`, what it complains of."""
    command = [tool(version) / "helm", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if fails:
        assert done.returncode, f"{command} should have failed"
        return done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(
    name: str | None = None, *arguments, chart: Path = CHART, kube: str = NEWEST, version: str = "helm4", fails=False
) -> str:
    """The chart as text, with one of the value files and further arguments of helm."""
    values = ["-f", KUBERNETES / "values" / f"{name}.yaml"] if name else []
    fixed = ["template", "postseal", chart, "--namespace", "mail", "--kube-version", kube]
    return helm(*fixed, *values, *arguments, version=version, fails=fails)


def objects(text: str) -> dict[tuple[str, str], dict]:
    """The objects in a stream of YAML by kind and name; no two are the same."""
    every = [one for one in yaml.load_all(text, Loader=Strict) if one]
    found = {(one["kind"], one["metadata"]["name"]): one for one in every}
    assert len(found) == len(every), "two objects have the same name"
    return found


def of_kind(text: str, kind: str) -> list[dict]:
    return [one for (has, _), one in objects(text).items() if has == kind]


def pod(workload: dict) -> dict:
    return workload["spec"]["template"]["spec"]


def containers(text: str) -> list[tuple[dict, dict]]:
    """Each container with its pod, those that are started first included."""
    pods = [pod(one) for one in objects(text).values() if one["kind"] in ("Deployment", "StatefulSet")]
    return [(spec, one) for spec in pods for one in spec.get("initContainers", []) + spec["containers"]]


def postseal(text: str) -> dict:
    """The container of postseal."""
    return next(one for _, one in containers(text) if one["name"] == "postseal")


def from_files(one: dict) -> bool:
    """Made from a dashboard or a file of alert rules, which are kept and tested elsewhere."""
    return one["kind"] == "PrometheusRule" or "-dashboard-" in one["metadata"]["name"]


class Strict(yaml.SafeLoader):
    """Keys that are there twice are an error; octal numbers are those of YAML 1.1, as in Kubernetes."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"twice in {node.start_mark}: {keys}"
        return super().construct_mapping(node, deep)
