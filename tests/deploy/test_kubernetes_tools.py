"""The chart and the manifests, judged by other people's tools."""

import json
import os
import shutil
import subprocess

import pytest

from chart import CHART, KUBERNETES, NAMES, NEWEST, helm, objects, render, tool
from checkov_exceptions import EXCEPTIONS
from rig.place import ROOT, need_tool

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("name", NAMES)
def test_helm_3_renders_the_same(name):
    assert objects(render(name, version="helm3", kube="1.32.0")) == objects(render(name, kube="1.32.0"))


def test_package_is_complete(place):
    """What helm packs up renders the same: links to dashboards and rules have become files."""
    helm("package", CHART, "--destination", place.path)
    (archive,) = place.path.glob("postseal-*.tgz")
    for name in NAMES:
        assert objects(render(name, chart=archive)) == objects(render(name))


@pytest.mark.parametrize("name", NAMES)
def test_kustomize_builds(name):
    """`kubectl apply -k` would apply what the chart renders."""
    folder = KUBERNETES / "manifests" / name
    command = [tool("helm4") / "kubectl", "kustomize", folder]
    built = objects(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert built == objects((folder / "postseal.yaml").read_text())


def test_an_overlay_changes_the_configuration(place):
    """As deploy/kubernetes/README.md shows it: another postseal.toml, another image."""
    shutil.copytree(KUBERNETES / "manifests" / "sidecar-minimal", place.path / "base")
    readme = (KUBERNETES / "README.md").read_text()
    overlay = readme.partition("```yaml\n# overlay/kustomization.yaml\n")[2].partition("```")[0]
    (place.path / "overlay").mkdir()
    (place.path / "overlay" / "kustomization.yaml").write_text(overlay)
    (place.path / "overlay" / "postseal.toml").write_text("# mine\n")
    command = [tool("helm4") / "kubectl", "kustomize", place.path / "overlay"]
    built = objects(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert built["ConfigMap", "postseal"]["data"] == {"postseal.toml": "# mine\n"}
    pod = built["StatefulSet", "postseal"]["spec"]["template"]["spec"]
    assert pod["initContainers"][0]["image"] == "registry.example.com/postseal:0.1.0"
    assert pod["volumes"][0]["configMap"]["name"] == "postseal", "no suffix that would restart pods"


def test_foreign_objects_have_the_right_types(place):
    """PodMonitor and PrometheusRule, checked by a compiler: unknown keys and wrong types are errors."""
    kinds = {"PodMonitor": "IPodMonitor", "PrometheusRule": "IPrometheusRule"}
    found = [one for name in NAMES for one in objects(render(name)).values() if one["kind"] in kinds]
    assert any(one["kind"] == "PodMonitor" for one in found)
    assert complaints(place, kinds, found) == ""
    wrong = json.loads(json.dumps(next(one for one in found if one["kind"] == "PodMonitor")))
    wrong["spec"]["podMetricsEndpoints"][0]["intervall"] = "1s"
    assert "intervall" in complaints(place, kinds, [wrong])


def complaints(place, kinds: dict[str, str], found: list[dict]) -> str:
    lines = [f'import type {{ {", ".join(kinds.values())} }} from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";']
    lines += [f"export const o{at}: {kinds[one['kind']]} = {json.dumps(one)};" for at, one in enumerate(found)]
    source = place.path / "objects.ts"
    source.write_text("\n".join(lines))
    modules = tool("types", "deploy") / "node_modules"
    link = place.path / "node_modules"
    link.exists() or link.symlink_to(modules)
    options = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck", "--types", "node"]
    done = subprocess.run([modules / ".bin" / "tsc", *options[:-2], source], capture_output=True, text=True)
    return done.stdout + done.stderr


def checkov(*arguments) -> list[tuple[str, str, str]]:
    """Check, resource and name of each finding."""
    environment = os.environ | {"PYTHONPATH": str(tool("checkov", "deploy"))}
    command = ["/usr/bin/python3", "-m", "checkov.main", *arguments, "--skip-download", "--quiet", "--output", "json"]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
    report = json.loads(done.stdout)
    reports = report if isinstance(report, list) else [report]
    assert sum(one["summary"]["passed"] for one in reports) > 10, "it has checked something"
    return [(one["check_id"], one["resource"], one["check_name"]) for part in reports for one in part["results"]["failed_checks"]]


def test_checkov(place):
    """Each finding is mended, or has a reason in checkov_exceptions.py; and no reason is left over."""
    for name in NAMES:
        (place.path / f"{name}.yaml").write_text(render(name, kube=NEWEST))
    found = checkov("--framework", "kubernetes", "--directory", place.path)
    kept = {(check, resource.split(".")[0]) for check, resource, _ in found}
    unexplained = [one for one in found if (one[0], one[1].split(".")[0]) not in EXCEPTIONS]
    assert not unexplained, unexplained
    assert kept == EXCEPTIONS.keys(), f"no finding any more: {EXCEPTIONS.keys() - kept}"


def test_checkov_of_the_dockerfile():
    found = checkov("--framework", "dockerfile", "--file", ROOT / "deploy" / "container" / "Dockerfile")
    # No HEALTHCHECK: nothing in the image could ask. The other is mistaken: the base image is an argument with a version.
    assert {check for check, _, _ in found} == {"CKV_DOCKER_2", "CKV_DOCKER_7"}, found


def test_shell_scripts():
    scripts = [ROOT / "deploy/container/build.sh", ROOT / "deploy/container/image.sh", ROOT / "tests/deploy/tools.sh"]
    subprocess.run([need_tool("shellcheck", "deploy"), *scripts], check=True)
