"""A sender does not decide how long a line of the log is. That lines keep to the schema is checked when the daemon stops."""

import json

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import wait_for
from rig.postseal_config import Config, domain
from rig.world import milters, world

ALICE = "alice@test.example"
OUT = "someone@dest.example"
REPAIRED = 300


@pytest.fixture(scope="module")
def here(place, keys):
    more = f"[header_checks]\n[limits]\nheader_edits = {2 * REPAIRED}\n"
    with world(place, Config(milters(place), [domain(DOMAIN, keys)], log={"level": "debug"}, more=more)) as here:
        yield here


def test_edits_beyond_the_bound_are_counted(here):
    head = "".join(f"X-Field-{number}: Grüße\r\n" for number in range(REPAIRED)).rstrip()
    message = mail.make(ALICE, OUT, "long line", "x\n", head)
    assert smtp.submit(here.submission, ALICE, [OUT], message, ALICE).code == 250
    line = wait_for("a log line", here.daemon.messages)[0]
    assert len(json.dumps(line)) < 8192
    assert line["verdict"] == "accept" and len(line["edits"]) + line["edits_more"] >= REPAIRED
