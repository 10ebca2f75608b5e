"""Log lines of every kind of ending. That each keeps to docs/log.schema.json is checked when the daemon stops."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import wait_for
from rig.postseal_config import Config, domain
from rig.world import milters, world

ALICE = "alice@test.example"
OUT = "someone@dest.example"


@pytest.fixture(scope="module")
def here(place, keys):
    config = Config(
        milters(place), [domain(DOMAIN, keys)], log={"level": "debug"}, more="[limits]\nrecipients = 3\n"
    )
    with world(place, config) as here:
        yield here


@contextmanager
def logged(here) -> Iterator[dict]:
    """The log line of the one message that ends meanwhile; filled in when the block ends."""
    line: dict = {}
    before = len(here.daemon.messages())
    yield line
    line.update(wait_for("a log line", lambda: here.daemon.messages()[before:])[0])


def send(here, head: str = "", to: tuple[str, ...] = (OUT,)) -> smtp.Reply:
    return smtp.submit(here.submission, ALICE, list(to), mail.make(ALICE, OUT, "log", "x\n", head), ALICE)


def test_accepted_mail(here):
    with logged(here) as line:
        assert send(here).code == 250
    assert (line["verdict"], line["reasons"], len(line["signatures"])) == ("accept", [], 2)
    assert line["queue_id"] and line["message_id"]


def test_mail_refused_for_good(here):
    with logged(here) as line:
        assert send(here, "From: second@test.example").code == 550
    assert (line["verdict"], line["reasons"], line["edits"]) == ("reject", ["dkim.from_multiple"], [])
    assert line["reply"].startswith("550 5.6.0 ")
    assert line["queue_id"], "known from DATA on"


def test_mail_refused_for_now(here):
    with logged(here) as line:
        assert send(here, to=tuple(f"r{number}@dest.example" for number in range(4))).code == 452
    assert (line["verdict"], line["reasons"]) == ("tempfail", ["pipeline.too_many_recipients"])


def test_mail_that_the_client_gives_up(here):
    with logged(here) as line, smtp.Client(here.submission, ALICE) as client:
        assert client.smtp.mail(ALICE)[0] == 250
        assert client.smtp.rcpt(OUT)[0] == 250
        assert client.smtp.rset()[0] == 250
    assert (line["verdict"], line["mail_from"]) == ("abort", ALICE), "in full: the level is debug"
    assert (line["queue_id"], line["message_id"], line["details"]) == (None, None, [])
