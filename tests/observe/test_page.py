"""The status page in Chromium, in front of a service with real mail: what it shows is true, and it does no harm."""

import json
import subprocess

import pytest

from browser import Browser
from rig import mail, smtp
from rig.place import HOST
from rig.postseal import binary
from scene import company

pytestmark = pytest.mark.heavy

OUT = ["someone@dest.example"]
ALICE, CAROL, MALLORY = (f"{name}@test.example" for name in ("alice", "carol", "mallory"))
HOSTILE = '<img src="x" onerror="window.owned = 1"><script>window.owned = 1</script>'
FORGED = f"From: {ALICE}\nFrom: boss@test.example\nTo: {OUT[0]}\nSubject: two\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n"
FORGED += "Message-ID: <forged@test.example>\n\nx\n"


@pytest.fixture(scope="module")
def scene(place):
    """Mail that is accepted, refused, held back and blocked, and is all in the log."""
    with company(place) as scene:
        submission = scene.world.submission
        for user, sender, count in ((ALICE, ALICE, 6), ("bob@test.example", "bob@nokey.example", 2), (CAROL, CAROL, 23), (MALLORY, MALLORY, 5)):
            for number in range(count):
                smtp.submit(submission, sender, OUT, mail.make(sender, OUT[0], f"{HOSTILE} {number}"), user)
        smtp.submit(submission, ALICE, OUT, mail.crlf(FORGED.encode()), ALICE)
        odd = mail.make(ALICE, OUT[0], HOSTILE).replace(b"Message-ID: <", b"Message-ID: <<b>bold</b>")
        smtp.submit(submission, '"<i>x</i>"@test.example', OUT, odd, ALICE)
        scene.world.daemon.messages(38)
        yield scene


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(scene):
    return f"http://{HOST}:{scene.world.daemon.config.admin}/"


@pytest.fixture
def view(browser, address):
    with browser.open(address) as view:
        yield view
        assert view.errors == [] and view.violations() == []
        assert {url[: len(address)] for url in view.requests} == {address}, "all from where it came from"


def test_it_counts_as_metrics_and_log_do(scene, view):
    metrics = scene.world.daemon.metrics()
    shown = dict(item.rsplit(" ", 1) for item in view.page.locator("#legend li").all_inner_texts())
    verdicts = {verdict: int(metrics.sum("postseal_messages_total", verdict=verdict)) for verdict in shown}
    assert {verdict: int(count) for verdict, count in shown.items()} == verdicts
    for filter, reason, verdict, count in (((*row[0].split("."), *row[1:])) for row in view.rows("reasons")):
        assert int(count) == metrics.sum("postseal_filter_verdicts_total", filter=filter, reason=reason, verdict=verdict)
    signatures = [row for row in view.rows("signatures") if row[0] != "unsigned"]
    assert sum(int(row[3]) for row in signatures) == metrics.sum("postseal_dkim_signatures_total") > 0
    newest = list(reversed(scene.world.daemon.messages()))
    rows = view.rows("decisions")
    assert [(row[1], row[2]) for row in rows] == [(line["verdict"], line.get("queue_id") or "-") for line in newest]
    assert all(line["reasons"] == row[7].split(", ") for line, row in zip(newest, rows, strict=True) if line["reasons"])
    assert len(view.rows("keys")) == 4


def test_it_shows_who_is_near_a_limit_blocked_and_how_the_store_is(scene, view):
    text = view.page.locator("#limits").inner_text()
    assert "Nearest to their end" in text and "Blocked" in text
    rows = {row[0]: row[-1] for row in view.rows("limits")}
    assert rows["per-user:c***@test.example"] == "20 of 20 in 1m"
    assert rows["per-day:m***@test.example"].endswith("min"), "blocked, for most of an hour"
    assert ["store", "redis: answers"] in view.rows("service")


def test_no_address_is_in_full(view):
    for button in view.page.get_by_role("button").all()[:6]:
        button.click()
    text = view.page.inner_text("body")
    assert "a***@test.example" in text
    assert not [address for address in (ALICE, CAROL, MALLORY, *OUT) if address in text]


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_click_tells_why(scene, view, by, tmp_path):
    forged = next(line for line in reversed(scene.world.daemon.messages()) if line["verdict"] == "reject")
    why = view.page.get_by_label(f"why {forged['queue_id']}")
    if by == "mouse":
        why.click()
    else:
        for _ in range(200):
            view.page.keyboard.press("Tab")
            if view.page.evaluate("document.activeElement.getAttribute('aria-label')") == f"why {forged['queue_id']}":
                break
        view.page.keyboard.press("Enter")
    shown = view.page.locator("#decisions pre").inner_text().splitlines()
    (tmp_path / "mail.eml").write_bytes(mail.crlf(FORGED.encode()))
    command = [binary(), "explain", tmp_path / "mail.eml", "--config", scene.world.daemon.file, "--listener", "submission",
               "--auth", ALICE, "--client", HOST, "--from", ALICE, *(part for to in OUT for part in ("--rcpt", to))]  # fmt: skip
    explained = subprocess.run(command, capture_output=True, text=True, timeout=20)
    # The page shortens addresses, those of an example too.
    lines = explained.stdout.replace("shop@example.com", "s***@example.com").splitlines()
    told = {line for line in lines if line.split()[0] in ("listener", "ours", "filters", "reason", "verdict", "reply")}
    assert told - set(shown) == set() and any(line.startswith("reason") for line in told), (explained, shown)
    assert why.get_attribute("aria-expanded") == "true"
    view.page.keyboard.press("Enter")
    view.page.wait_for_selector("#decisions pre", state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read(browser, address, scheme, width):
    with browser.open(address, width, 740, scheme) as view:
        view.page.get_by_role("button").first.click()
        assert view.page.evaluate("document.documentElement.scrollWidth") <= width
        contrasts = view.contrasts()
        assert len(contrasts) > 100 and [one for one in contrasts if one[1] < 4.5] == []


def hostile(value):
    """The same, with every text in it replaced."""
    if isinstance(value, dict):
        return {key: hostile(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner) for inner in value]
    return HOSTILE if isinstance(value, str) else value


def test_nothing_that_mail_brings_becomes_markup(scene, browser, address):
    """Of each text that the page is told, even of those that the service would never tell."""
    status = json.loads(scene.world.daemon.get("api/status"))
    with browser.open(address, route=lambda route: route.fulfill(body=json.dumps(hostile(status)))) as view:
        assert HOSTILE in view.page.inner_text("#decisions")
        assert view.page.locator("main img, main script, main i, main b").count() == 0
        assert view.page.evaluate("window.owned") is None and view.violations() == []
