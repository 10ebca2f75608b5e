"""The metrics themselves: clean, few, documented, and each of them shown or watched."""

import re
import subprocess

import grafana
import metrics_doc
import test_rules
from rig.place import need_tool

SERIES = 1000


def test_promtool_has_nothing_to_say(daemon):
    done = subprocess.run([need_tool("promtool"), "check", "metrics"], input=daemon.get("metrics"), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_series_are_few(daemon, say):
    series = len(daemon.metrics().samples)
    say(f"{series} series with every filter and 20 domains")
    assert series <= SERIES


def test_the_reference_is_up_to_date(daemon):
    assert metrics_doc.FILE.read_text() == metrics_doc.text(daemon.get("metrics")), "run make dashboards"


def test_every_metric_is_shown_or_watched_and_those_that_are_exist(daemon):
    there = set(metrics_doc.families(daemon.get("metrics")))
    used = test_rules.used().union(*(grafana.metrics(query) for path in grafana.FILES for _, query in grafana.queries(grafana.load(path))))
    assert there - used == set(), "in no panel and no alert"
    assert used - there == {"up"}, "no such metric"


def test_what_selectors_name_is_there(daemon):
    """A label value in a query that no series ever has would be a condition that is never met."""
    samples = daemon.metrics().samples
    queries = [query for path in grafana.FILES for _, query in grafana.queries(grafana.load(path))]
    queries += [rule["expr"] for group in test_rules.GROUPS for rule in group["rules"]]
    wrong = set()
    for name, selectors in (found for query in queries for found in re.findall(r"\b(postseal_\w+)\{([^}]*)\}", query)):
        has = [labels for sample, labels, _ in samples if sample == name]
        for label, words in re.findall(r'(\w+)(?:=|=~|!=|!~)"([^"$]*)"', selectors):
            known = {labels.get(label) for labels in has}
            wrong |= {f"{name}{{{label}={word}}}" for word in words.split("|") if word not in known}
    assert wrong == set()
