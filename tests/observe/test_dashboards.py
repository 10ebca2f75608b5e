"""Dashboards: what is shipped is what the modules give, it keeps the rules, and Grafana's own types accept it."""

import json
import subprocess

import pytest

import grafana
import lint
from dashboards import all_texts
from rig.place import CACHE, MissingTool

TYPES = CACHE / "kubernetes" / "grafana-types"
CHECK = """\
import type { Dashboard } from '@grafana/schema';
// JSON has words where the types have enums.
type Plain<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
// What a data source adds to a query and to an annotation is its own: here Prometheus'.
type Query = { expr: string; legendFormat?: string; instant: boolean; range: boolean; format?: 'time_series' | 'table' | 'heatmap' };
type Own = Omit<Dashboard, 'annotations'> & { annotations: { list: Array<Omit<NonNullable<NonNullable<Dashboard['annotations']>['list']>[0], 'target'>
  & { target: Query & { refId: string; datasource: { type?: string; uid?: string } } }> } };
export const board: Plain<Own> = %s;
"""


@pytest.mark.parametrize("path", grafana.FILES, ids=lambda path: path.stem)
def test_what_is_shipped_is_what_the_modules_give(path):
    assert path.read_text() == all_texts()[path], "run make dashboards"


@pytest.mark.parametrize("path", grafana.FILES, ids=lambda path: path.stem)
def test_the_rules_are_kept(path):
    assert lint.faults(grafana.load(path)) == []


def test_uids_are_unique():
    uids = [grafana.load(path)["uid"] for path in grafana.FILES]
    assert len(set(uids)) == len(uids)


def test_grafanas_types_accept_them(place):
    if not TYPES.exists():
        raise MissingTool("@grafana/schema")
    (place.path / "node_modules").symlink_to(TYPES / "node_modules")
    files = []
    for path in grafana.FILES:
        files.append(place.path / f"{path.stem}.ts")
        files[-1].write_text(CHECK % json.dumps(grafana.load(path)))
    broken = grafana.load(grafana.FILES[0])
    broken["panels"][1]["gridPos"]["width"] = "wide"
    (place.path / "broken.ts").write_text(CHECK % json.dumps(broken))
    options = ["--noEmit", "--skipLibCheck", "--strict", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022"]
    command = ["node", TYPES / "node_modules" / "typescript" / "bin" / "tsc", *options, *files, place.path / "broken.ts"]
    done = subprocess.run(command, cwd=place.path, capture_output=True, text=True)
    faults = done.stdout.splitlines()
    assert [fault for fault in faults if "broken.ts" not in fault and not fault.startswith(" ")] == []
    assert any("width" in fault for fault in faults), f"it would find mistakes: {done.stdout}"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda panel: panel["targets"][0].update(expr='sum(postseal_messages_total{job=~"$job", instance=~"$instance"})'), "without rate"),
        (lambda panel: panel["targets"][0].update(expr='rate(postseal_messages_total{job="mail"}[5m])'), "a fixed job"),
        (lambda panel: panel["fieldConfig"]["defaults"].update(unit=""), "no unit"),
        (lambda panel: panel.update(description=""), "no description"),
        (lambda panel: panel["gridPos"].update(x=22), "beyond 24 columns"),
        (lambda panel: panel["gridPos"].update(y=0), "lies over"),
    ],
)
def test_lint_sees_what_it_should(change, fault):
    board = grafana.load(grafana.FILES[0])
    change(board["panels"][1])
    assert any(fault in found for found in lint.faults(board))
