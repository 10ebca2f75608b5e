"""The chart: what it renders, what it refuses, and that the daemon takes the configuration that comes out."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from chart import CHART, KUBERNETES, NAMES, NEWEST, ROOT, containers, from_files, helm, objects, of_kind, pod, postseal, render
from rig.keys import make_key
from rig.postseal import binary

REDIS = ["--set", "store.url=redis://redis:6379", "--set-json", 'networkPolicy.egress=[{"ports":[{"port":6379}]}]']
WEBHOOK = ["--set-string", 'config=[webhook]\nurl = "https://hooks.example.com"\n']
HOOK_ENV = 'env=[{"name":"POSTSEAL__WEBHOOK__URL","value":"https://hooks.example.com"}]'
LIMITED = ["--set-string", 'config=[[rate_limit]]\nname = "u"\n']


def configuration(text: str) -> dict:
    """What the daemon reads, from the ConfigMap."""
    return tomllib.loads(of_kind(text, "ConfigMap")[0]["data"]["postseal.toml"])


@pytest.mark.parametrize("name", NAMES)
def test_lint(name):
    helm("lint", "--strict", CHART, "-f", KUBERNETES / "values" / f"{name}.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_manifests_for_kustomize_are_what_the_chart_renders(name):
    """`make manifests` writes them. What is made from dashboards and alert rules is kept once, and tested below."""
    rendered = {key: one for key, one in objects(render(name)).items() if not from_files(one)}
    kept = objects((KUBERNETES / "manifests" / name / "postseal.yaml").read_text())
    assert kept == rendered, "run make manifests"


@pytest.mark.parametrize("name", NAMES)
def test_the_daemon_takes_the_configuration(name, place):
    """The ConfigMap with the environment of the container, as in the pod."""
    text = render(name)
    container = postseal(text)
    folder = place.folder("keys")
    make_key(folder, "example.com", "s", "ed25519").file.rename(folder / "s._domainkey.example.com.pem")
    config = place.path / "postseal.toml"
    config.write_text(of_kind(text, "ConfigMap")[0]["data"]["postseal.toml"])
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert container["args"] == ["run", "--config", "/etc/postseal/config/postseal.toml"]
    assert environment["POSTSEAL__DKIM__KEY_DIR"] == "/etc/postseal/keys"
    environment["POSTSEAL__DKIM__KEY_DIR"] = str(folder)
    for variable, path in (("ADMIN__TOKEN_FILE", "admin/token"), ("STORE__PASSWORD_FILE", "store/password")):
        if f"POSTSEAL__{variable}" in environment:
            assert environment[f"POSTSEAL__{variable}"] == f"/etc/postseal/{path}"
            file = place.folder("secrets") / Path(path).name
            file.write_text("0123456789abcdef0123456789abcdef\n")
            file.chmod(0o440)
            environment[f"POSTSEAL__{variable}"] = str(file)
    command = [binary(), "check-config", "--config", config]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "watch_config = true" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_addresses_fit(name):
    """Where the daemon listens is where Postfix, probes and services connect."""
    text = render(name)
    container = postseal(text)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    admin = next(one["value"] for one in container["env"] if one["name"] == "POSTSEAL__ADMIN__ADDRESS")
    assert admin.rpartition(":")[2] == str(ports["metrics"])
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    config = next(one for key, one in objects(text).items() if key == ("ConfigMap", "postseal"))
    listeners = tomllib.loads(config["data"]["postseal.toml"])["listener"]
    if not name.startswith("sidecar"):
        expected = {one["name"]: int(one["address"].rpartition(":")[2]) for one in listeners}
        assert {port: ports[port] for port in expected} == expected
        service = {port["targetPort"]: port["port"] for port in of_kind(text, "Service")[0]["spec"]["ports"]}
        assert service == expected
        return
    postfix = next(one for _, one in containers(text) if one["name"] == "postfix")
    there = {mount["name"]: mount["mountPath"] for mount in postfix["volumeMounts"]}
    settings = {one["name"]: one["value"] for one in postfix["env"] if "_milters" in one["name"]}
    for setting, role in (("POSTFIX_smtpd_milters", "submission"), ("POSTFIX_non_smtpd_milters", "local")):
        ours = next(one["address"] for one in listeners if one["role"] == role)
        theirs = f"{there['queue']}/{settings[setting].removeprefix('unix:')}"  # relative to the queue directory
        assert ours.removeprefix(f"unix:{mounts['sockets']}/") == theirs.removeprefix(f"{there['sockets']}/")


@pytest.mark.parametrize("name", NAMES)
def test_what_shall_reload_is_not_mounted_by_subpath(name):
    for _, container in containers(render(name)):
        assert not any("subPath" in mount for mount in container["volumeMounts"])


@pytest.mark.parametrize("name", NAMES)
def test_grace(name):
    """Kubernetes waits longer than the daemon drains (30 s if nobody changes it)."""
    text = render(name)
    for spec, _ in containers(text):
        assert spec["terminationGracePeriodSeconds"] > 5 + 30


def test_sidecar_is_native_and_first():
    workload = of_kind(render("sidecar-minimal"), "StatefulSet")[0]
    (first,) = pod(workload)["initContainers"]
    assert (first["name"], first["restartPolicy"]) == ("postseal", "Always")
    assert first["startupProbe"]["httpGet"]["path"] == "/readyz", "Postfix waits until mail can be signed"
    assert first["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert "fsGroup" not in pod(workload).get("securityContext", {}), "it would change the owners of the queue"


@pytest.mark.parametrize("name, container", [("standalone-minimal", "postseal"), ("sidecar-minimal", "postfix")])
def test_a_sleep_before_the_end_where_it_is_known(name, container):
    """Who takes connections from a Service waits until that sends no more."""
    for kube, there in ((NEWEST, True), ("1.29.0", False)):
        found = {one["name"]: one for _, one in containers(render(name, kube=kube))}
        assert (found[container].get("lifecycle") == {"preStop": {"sleep": {"seconds": 5}}}) == there


def test_values_go_before_the_settings_of_the_chart():
    text = render("sidecar-minimal", "--set", "postfix.settings.smtpd_milters=unix:postseal/mx.sock")
    postfix = next(one for _, one in containers(text) if one["name"] == "postfix")
    values = [one["value"] for one in postfix["env"] if one["name"] == "POSTFIX_smtpd_milters"]
    assert values == ["unix:postseal/mx.sock"]


def test_only_what_needs_a_restart_restarts():
    def annotations(*arguments):
        workload = of_kind(render("standalone-minimal", *arguments), "Deployment")[0]
        return workload["spec"]["template"]["metadata"]["annotations"]

    assert annotations("--set-string", 'config=[log]\nlevel = "warn"\n') == annotations()
    assert annotations("--set", "listenHost=10.0.0.1") != annotations()
    assert annotations(*REDIS) != annotations()


def test_passwords_come_from_files():
    """Secrets are mounted, never in the environment."""
    secrets = ["--set", "store.passwordFrom.secret=redis", "--set", "admin.tokenFrom.secret=admin"]
    text = render("standalone-minimal", *REDIS, *secrets)
    container = postseal(text)
    paths = {one["name"]: one["value"] for one in container["env"] if one["name"].endswith("_FILE")}
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {one["name"]: one for one in pod(of_kind(text, "Deployment")[0])["volumes"]}
    for name, secret in (("STORE__PASSWORD", "redis"), ("ADMIN__TOKEN", "admin")):
        volume = volumes[mounts[str(Path(paths[f"POSTSEAL__{name}_FILE"]).parent)]]
        assert volume["secret"] == {"secretName": secret, "defaultMode": 0o440}
    assert not any("valueFrom" in one for one in container["env"])


@pytest.mark.parametrize(
    "name, arguments, complaint",
    [
        ("standalone-minimal", ["--set", "replicas=2", *LIMITED], "store: [[rate_limit]] with more than one pod needs"),
        ("standalone-full", [*LIMITED, "--set", "store.url="], "store: [[rate_limit]] with more than one pod needs"),
        ("standalone-full", [*LIMITED, "--set", "store.url=redis+unix:///r"], "store: [[rate_limit]] with more than"),
        ("sidecar-full", ["--set", "store.url="], "store: [[rate_limit]] with more than one pod needs"),
        ("sidecar-full", [*LIMITED, "--set", "store.url=memory:"], "store: [[rate_limit]] with more than one pod"),
        ("standalone-minimal", ["--set", "store.url=redis://redis:6379"], "networkPolicy: nothing lets the pods reach"),
        ("sidecar-minimal", ["--set", "store.url=redis://u:secret@redis"], "store.url: everybody who can see"),
        ("standalone-minimal", WEBHOOK, "networkPolicy: nothing lets the pods reach the webhook"),
        ("standalone-minimal", ["--set-string", 'config=webhook.url = "https://h"'], "pods reach the webhook"),
        ("standalone-minimal", ["--set-json", HOOK_ENV], "networkPolicy: nothing lets the pods reach the webhook"),
        ("sidecar-minimal", ["--set", "autoscaling.enabled=true"], "autoscaling: only for mode standalone"),
        ("sidecar-minimal", ["--set-string", "config=[admin]\n"], "config: [admin] is made by the chart"),
        ("sidecar-minimal", ["--set-string", "config= [[ listener ]]\n"], "config: [listener] is made by the chart"),
        ("sidecar-minimal", ["--set", "mode=daemonset"], "mode"),
        ("sidecar-minimal", ["--set", "replicaCount=2"], "replicaCount"),
        ("sidecar-minimal", ["--set", "runAsUser=0"], "runAsUser"),
        ("sidecar-minimal", ["--set", "image.repository="], "repository"),
        ("sidecar-minimal", ["--set", "keys.secrets={a,a}"], "secrets"),
        ("sidecar-minimal", ["--set", "listeners[0].role=relay"], "role"),
        ("sidecar-minimal", ["--set", "listeners[0].name=metrics"], "name"),
        ("sidecar-minimal", ["--set", "terminationGracePeriodSeconds=30"], "terminationGracePeriodSeconds"),
        ("sidecar-minimal", ["--set-json", "networkPolicy.clients=[]"], "clients"),
    ],
)
def test_refused(name, arguments, complaint):
    assert complaint in render(name, *arguments, fails=True)


def test_a_webhook_that_can_be_reached():
    for name, arguments, egress in (
        ("standalone-minimal", ["--set-json", 'networkPolicy.egress=[{"ports":[{"port":443}]}]'], [443]),
        ("standalone-minimal", ["--set", "networkPolicy.enabled=false"], None),
        ("sidecar-minimal", [], None),
    ):
        text = render(name, *WEBHOOK, *arguments)
        assert configuration(text)["webhook"] == {"url": "https://hooks.example.com"}
        policies = [one["spec"] for one in of_kind(text, "NetworkPolicy")]
        assert bool(policies) == ("networkPolicy.enabled=false" not in arguments)
        open_ports = {port["port"] for one in policies for rule in one.get("egress", []) for port in rule["ports"]}
        assert open_ports == {53, *egress} if egress else all("egress" not in one for one in policies)


def test_refused_on_a_cluster_without_native_sidecars():
    assert "incompatible with Kubernetes" in render("sidecar-minimal", kube="1.28.0", fails=True)


def test_more_pods_with_redis():
    for name in ("standalone-minimal", "sidecar-minimal"):
        kinds = {kind for kind, _ in objects(render(name, "--set", "replicas=2", *LIMITED, *REDIS))}
        assert "PodDisruptionBudget" in kinds


def test_one_pod_needs_no_redis():
    text = render("standalone-minimal", *LIMITED)
    found = configuration(text)
    assert found["rate_limit"] == [{"name": "u"}] and "store" not in found
    assert not [one for one in postseal(text)["env"] if "STORE" in one["name"]]
    (workload,) = of_kind(text, "Deployment")
    assert workload["spec"]["replicas"] == 1 and not of_kind(text, "PodDisruptionBudget")


def test_the_files_of_others_are_links():
    """One source: what lies in deploy/grafana and deploy/prometheus is what the chart ships."""
    for name in ("grafana", "prometheus"):
        assert (CHART / "files" / name).resolve() == ROOT / "deploy" / name


def test_dashboards_and_rules_come_out_as_they_are():
    wanted = {"monitoring.rules.enabled": "true", "monitoring.dashboards.enabled": "true"}
    text = render("sidecar-full", *(part for key, value in wanted.items() for part in ("--set", f"{key}={value}")))
    check_files(CHART / "files", text)


def test_alerts_and_dashboards_lead_to_the_runbook_of_ones_own():
    text = render("sidecar-full", "--set", "monitoring.rules.enabled=true,monitoring.dashboards.enabled=true,monitoring.runbookUrl=https://wiki.test.example/mail")
    assert "https://wiki.test.example/mail#postsealdown" in text and "postseal.example/docs" not in text


def test_samples_of_dashboards_and_rules(place):
    """Braces that look like templates survive, and files that are no rules are left out."""
    chart = place.path / "chart"
    shutil.copytree(CHART, chart, symlinks=True)
    for name in ("grafana", "prometheus"):
        (chart / "files" / name).unlink()
        (chart / "files" / name).mkdir()
    dashboard = {"uid": "a", "panels": [{"legendFormat": "{{listener}} {{ .Values }}", "expr": 'x{a=~"$b"}'}]}
    (chart / "files/grafana/postseal-Over_view.json").write_text(json.dumps(dashboard))
    rules = 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations: {summary: "{{ $value }}"}\n'
    (chart / "files/prometheus/alerts.yaml").write_text(rules)
    (chart / "files/prometheus/alerts_test.yaml").write_text("rule_files: [alerts.yaml]\n")
    text = render("sidecar-full", chart=chart)
    assert len(of_kind(text, "PrometheusRule")) == 1
    check_files(chart / "files", text)


def check_files(folder, text) -> None:
    """Each file below `folder` has one object, with the content of the file."""
    dashboards = {}
    for one in objects(text).values():
        if "-dashboard-" in one["metadata"]["name"]:
            assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
            dashboards |= one["data"]
    assert dashboards == {file.name: file.read_text() for file in (folder / "grafana").glob("*.json")}
    files = [yaml.safe_load(file.read_text()) for file in sorted((folder / "prometheus").glob("*.yaml"))]
    groups = [one["groups"] for one in files if "groups" in one]
    assert [one["spec"]["groups"] for one in of_kind(text, "PrometheusRule")] == groups


@pytest.mark.parametrize("name", NAMES)
def test_notes_tell_of_keys_records_and_postfix(name):
    values = KUBERNETES / "values" / f"{name}.yaml"
    output = helm("install", "postseal", CHART, "--namespace", "mail", "--dry-run=client", "-f", values)
    notes = output.partition("\nNOTES:\n")[2]
    steps = ["postseal keygen example.com", '._domainkey.example.com.  TXT  "v=DKIM1;', "create secret generic"]
    places = [notes.index(words) for words in steps]
    assert places == sorted(places), "a key signs only once its record is published"
    assert "v=spf1" in notes and "v=DMARC1" in notes
    assert ("smtpd_milters = inet:postseal.mail.svc:8891" in notes) == name.startswith("standalone")
    assert ("Name it in ALLOWED_SENDER_DOMAINS" in notes) == name.startswith("sidecar")
    assert ("The Service is open to the outside (LoadBalancer)" in notes) == (name == "sidecar-full")


def test_versions_agree():
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    chart = (CHART / "Chart.yaml").read_text()
    dockerfile = (ROOT / "deploy" / "container" / "Dockerfile").read_text()
    assert re.search(r"^appVersion: (.*)$", chart, re.M)[1] == cargo
    assert re.search(r"^ARG VERSION=(.*)$", dockerfile, re.M)[1] == cargo
