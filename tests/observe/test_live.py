"""The whole of it: real mail of all kinds, a real Prometheus, and three things that go wrong. `make test-observe`.

The pictures in docs/pictures are made here, if POSTSEAL_PICTURES is set: a picture in a repository should not change
with every run.
"""

import os
import time

import pytest

import grafana
import picture
from browser import Browser, View
from rig.place import HOST, ROOT, wait_for
from scene import DOMAINS, Scene, company
from traffic import Traffic

pytestmark = pytest.mark.heavy

WARM_UP = 60
SOON = 30
PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def scene(place):
    with company(place) as scene:
        yield scene


@pytest.fixture(scope="module")
def traffic(scene):
    with Traffic(scene.world) as traffic:
        yield traffic
        assert traffic.errors == []


@pytest.fixture(scope="module")
def day(scene, traffic):
    """An ordinary day, in a minute, with a reload and a mistake in it. When it began."""
    start = time.time()
    time.sleep(WARM_UP / 2)
    daemon = scene.world.daemon
    good = daemon.config.toml()
    daemon.write(good + "mistake = 1\n")
    daemon.reload()
    wait_for("a failed reload", lambda: daemon.metrics().sum("postseal_config_reloads_total", outcome="failure") == 1)
    daemon.write(good)
    daemon.reload()
    time.sleep(WARM_UP / 2)
    return start


@pytest.fixture(scope="module")
def page(scene):
    """The status page, open all the time."""
    with Browser() as browser, browser.open(f"http://{HOST}:{scene.world.daemon.config.admin}/", 1280, 1150) as view:
        yield view
        assert view.errors == [] and view.violations() == []


def folder_of(scene: Scene):
    """Where the pictures are kept, if they are to be."""
    folder = PICTURES if os.environ.get("POSTSEAL_PICTURES") else scene.world.daemon.folder
    folder.mkdir(exist_ok=True)
    return folder


def show(scene: Scene, path, name: str, since: float, rows: set[str] | None = None) -> None:
    """Draws a dashboard: where the pictures are kept, or only to see that it can be drawn."""
    folder = folder_of(scene)
    window = grafana.Window(since, time.time(), 1)
    picture.draw(grafana.load(path), scene.prometheus, window, folder / f"{name}.png", rows)
    assert (folder / f"{name}.png").stat().st_size > 20_000


@pytest.mark.parametrize("path", grafana.FILES, ids=lambda path: path.stem)
def test_every_query_brings_data(scene, day, path):
    assert grafana.empty(grafana.load(path), scene.prometheus, grafana.Window(day, time.time(), 1)) == []


@pytest.mark.parametrize("path", grafana.FILES, ids=lambda path: path.stem)
def test_a_picture_can_be_drawn(scene, day, path):
    show(scene, path, path.stem, day)


def test_a_picture_of_the_status_page(scene, day, page):
    page.draw(folder_of(scene) / "page.png")
    assert (folder_of(scene) / "page.png").stat().st_size < 200_000


def test_rules_are_evaluated_without_an_error(scene, day):
    rules = [rule for group in scene.prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def seen(scene: Scene, alert: str, expression: str, page: View, on_page: str, say) -> None:
    """The page and the query of a panel show it, and the alert fires, all within half a minute."""
    begin = time.monotonic()
    page.wait_for(on_page, SOON)
    on_page_after = time.monotonic() - begin
    wait_for(f"{expression} shows it", lambda: any(float(one["value"][1]) > 0 for one in scene.prometheus.query(expression)), SOON)
    shown = time.monotonic() - begin
    wait_for(f"{alert} fires", lambda: scene.prometheus.alerts().get(alert) == "firing", SOON, 0.2)
    assert time.monotonic() - begin < SOON
    say(f"{alert}: on the page after {on_page_after:.1f} s, on the dashboard after {shown:.1f} s, alert after {time.monotonic() - begin:.1f} s")


def test_a_key_becomes_unreadable(scene, day, page, say):
    file = scene.keys[DOMAINS[1]][0].file
    good = file.read_bytes()
    begin = time.time()
    file.write_bytes(good[: len(good) // 2])
    seen(scene, "PostsealKeyUnusable", "sum(postseal_dkim_key_files_broken)", page, "document.querySelector('#keys .bad') !== null", say)
    page.draw(folder_of(scene) / "page-key.png", "keys")
    show(scene, grafana.FILES[1], "incident-key", begin - 30, {"At a glance", "Keys"})
    file.write_bytes(good)
    wait_for("all is well again", lambda: "PostsealKeyUnusable" not in scene.prometheus.alerts(), SOON)


def test_an_account_is_stolen(scene, day, traffic, page, say):
    before = scene.prometheus.alerts().get("PostsealLimitedJump")
    begin = time.time()
    traffic.start_burst("bob@test.example", 45)
    share = 'sum(rate(postseal_rate_limit_total{rule="per-user", outcome="tempfail"}[10s])) / sum(rate(postseal_rate_limit_total{rule="per-user"}[10s])) > 0.2'
    full = "[...document.querySelectorAll('#limits tr')].some(row => row.innerText.startsWith('per-user:b***@') && row.querySelector('.reject'))"
    seen(scene, "PostsealLimitedJump", share, page, full, say)
    page.draw(folder_of(scene) / "page-account.png", "limits")
    assert before is None, "it was silent until then"
    time.sleep(5)
    show(scene, grafana.FILES[2], "incident-account", begin - 30, {"At a glance", "Limits"})


def test_redis_goes_away(scene, day, page, say):
    away = "(document.querySelector('#service .bad')?.innerText ?? '').includes('not answering')"
    page.wait_for(f"!{away}", SOON)
    begin = time.time()
    scene.redis.process.kill()
    seen(scene, "PostsealStoreDown", "sum(postseal_store_breakers_open)", page, away, say)
    page.draw(folder_of(scene) / "page-redis.png", "service")
    time.sleep(5)
    show(scene, grafana.FILES[2], "incident-redis", begin - 30, {"At a glance", "Store"})
    scene.redis.start()
    wait_for("all is well again", lambda: "PostsealStoreDown" not in scene.prometheus.alerts(), SOON)
