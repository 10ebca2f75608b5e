"""Alert rules: each fires when it should, stays silent when it should, and leads to a section of the runbook."""

import re
import subprocess

import pytest
import yaml

import grafana
from rig.place import ROOT, need_tool

FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
GROUPS = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}
CASES = [case for path in FOLDER.glob("*_test.yaml") for case in yaml.safe_load(path.read_text())["tests"]]
TESTS = [test for case in CASES for test in case["alert_rule_test"]]


def sections(markdown: str) -> set[str]:
    """Anchors of headings, as GitHub makes them."""
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", markdown, re.M)}


COMMANDS = [["check", "rules", "alerts.yaml"], ["test", "rules", *sorted(path.name for path in FOLDER.glob("*_test.yaml"))]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_promtool(command):
    done = subprocess.run([need_tool("promtool"), *command], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_to_do(name):
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    anchor = rule["annotations"]["runbook_url"].partition("#")[2]
    assert anchor == name.lower() and anchor in sections(RUNBOOK), f"{name} has no section in docs/runbook.md"


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_firing_and_silent(name):
    expected = [bool(test["exp_alerts"]) for test in TESTS if test["alertname"] == name]
    assert set(expected) == {True, False}


def test_links_of_the_runbook_lead_somewhere():
    for path, anchor in re.findall(r"\]\(([^#)]*)#?([^)]*)\)", RUNBOOK):
        file = ROOT / "docs" / (path or "runbook.md")
        assert file.exists(), path
        assert not anchor or anchor in sections(file.read_text()), f"{path}#{anchor}"


def test_no_rule_names_a_job_or_an_instance():
    for rule in (rule for group in GROUPS for rule in group["rules"]):
        assert not re.search(r"\b(?:job|instance)\s*=", rule["expr"]), rule


def used() -> set[str]:
    """The metrics that rules ask for."""
    return set().union(*(grafana.metrics(rule["expr"]) for group in GROUPS for rule in group["rules"]))
