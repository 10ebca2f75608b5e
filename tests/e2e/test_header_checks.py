"""Each check through a real Postfix: found in a real message and in one that is made so, not found in a near miss.

What is repaired is signed after that, and verifies at the end of the way. `header_cases.py` has the messages.
"""

import pytest

from conftest import DOMAIN
from header_cases import CASES, Case
from rig import corpus
from rig.postseal_config import Config, domain
from rig.posting import REMOTE, Posted, post
from rig.reader import PythonEmail, worse
from rig.verify import passed
from rig.world import milters, world

ALICE = "alice@test.example"
# Otherwise Postfix makes spaces of lone CRs before any milter sees them.
STRAY_CR = {"cleanup_replace_stray_cr_lf": "no"}
KINDS = ("real", "broken", "near")


def octets(case: Case, kind: str) -> bytes:
    if kind == "real":
        return corpus.named(case.real).data
    return case.broken if kind == "broken" else case.near


@pytest.fixture(scope="module")
def posted(place, keys) -> dict[tuple[str, str], Posted]:
    """All messages of all cases, sent once."""
    log = {"format": "json", "level": "info", "addresses": True}
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)], log=log, more="[header_checks]\n")
    wanted = [(case, kind) for case in CASES for kind in KINDS if kind != "real" or case.real]
    with world(place, config, **REMOTE, **STRAY_CR) as here:
        found = post(here, [octets(case, kind) for case, kind in wanted], ALICE)
        for case, kind in wanted:
            count = here.daemon.metrics().sum("postseal_header_check_total", check=case.check)
            assert count >= (1 if kind != "near" else 0), f"{case.check} is not counted"
    return {(case.check, kind): one for (case, kind), one in zip(wanted, found)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_found_in_a_real_message(case, posted, verifiers):
    if case.real is None:
        assert not any(case.check in one.found for (_, kind), one in posted.items() if kind == "real")
        return
    acted(case.check, case.real_action, posted[case.check, "real"], verifiers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_found_in_a_message_that_is_made_so(case, posted, verifiers):
    acted(case.check, case.action, posted[case.check, "broken"], verifiers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_not_found_in_a_near_miss(case, posted):
    one = posted[case.check, "near"]
    assert case.check not in one.found
    assert one.reply.code == 250, one.reply.text
    if not one.fixed:
        assert one.arrived == one.sent


def acted(check: str, action: str, one: Posted, verifiers) -> None:
    assert check in one.found
    if action == "reject":
        assert one.reply.code == 550 and one.arrival is None
        line = next(line for line in one.reply.text.split("\n") if f"{check}: " in line)
        assert line.startswith("5.6.") and line.isascii() and "; " in line
        return
    if one.reply.code == 550:  # for something else
        assert not any(line.split(" ", 1)[-1].startswith(check) for line in one.reply.text.split("\n"))
        return
    assert (check in one.fixed) == (action == "fix")
    if one.fixed:
        assert worse(PythonEmail().sees(one.taken), PythonEmail().sees(one.arrived)) == []
    elif "long_body_line" not in one.found:
        assert one.arrived == one.sent
    for verdicts in [verifiers.dkimpy.check_one(one.arrival.data), verifiers.mail_dkim.check_one(one.arrival.data)]:
        assert passed(verdicts, DOMAIN, verifiers.RSA), verdicts
