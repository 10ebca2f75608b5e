"""Mutated real messages, to a next hop without 8BITMIME: whatever is repaired reads as before or better, and verifies.

150 of them, or all 3,900 of easy ham with POSTSEAL_FULL=1, from another seed with POSTSEAL_SEED.
"""

import os
from collections import Counter

import pytest

from conftest import DOMAIN
from header_cases import field
from header_mutations import Mutator
from rig import corpus, mail
from rig.postseal_config import Config, domain
from rig.posting import REMOTE, Posted, post
from rig.reader import MailParser, PythonEmail, worse
from rig.verify import passed
from rig.world import milters, world

SEED = int(os.environ.get("POSTSEAL_SEED", 1))
SAMPLE = 150
ALICE, BOB = "alice@test.example", "bob@test.example"
CHECKS = '[header_checks]\neight_bit_body = "fix"\n'


@pytest.fixture(scope="module")
def here(place, keys):
    log = {"format": "json", "level": "info", "addresses": True}
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)], log=log, more=CHECKS)
    with world(place, config, **REMOTE) as here:
        here.sink.eight_bit = False
        yield here


@pytest.fixture(scope="module")
def posted(here) -> list[Posted]:
    everything = corpus.easy_ham()
    step = 1 if os.environ.get("POSTSEAL_FULL") else len(everything) // SAMPLE
    mutator = Mutator(SEED)
    return post(here, [mutator.mutated(one.data) for one in everything[::step]], ALICE)


@pytest.fixture(scope="module")
def accepted(posted) -> list[Posted]:
    return [one for one in posted if one.arrival]


def test_most_can_be_repaired(posted, say):
    fixed = Counter(check for one in posted for check in one.fixed)
    refused = sum(one.rejected for one in posted)
    say(f"{len(posted)} mutated messages, {refused} refused; repaired: {dict(fixed.most_common())}")
    assert len(fixed) >= 8 and refused < len(posted) / 8


def is_broken_by_postfix(one: Posted) -> bool:
    """A line over 998 in one of several parts stays, and Postfix breaks it."""
    return "long_body_line" in one.found and "long_body_line" not in one.fixed


def test_readers_see_the_same_or_better(accepted):
    with MailParser() as mail_parser:
        for reader in (PythonEmail(), mail_parser):
            for one in accepted:
                if one.fixed and not is_broken_by_postfix(one):
                    assert worse(reader.sees(one.taken), reader.sees(one.arrived)) == [], (reader.name, one.sent[:2000])


def test_every_message_of_one_text_part_verifies(accepted, verifiers):
    for one in accepted:
        if corpus.is_one_text(one.sent) and mail.signatures(one.arrival.data):
            verdicts = verifiers.dkimpy.check_one(one.arrival.data)
            assert passed(verdicts, DOMAIN, verifiers.RSA), (verdicts, one.fixed, one.sent[:2000])


def test_what_was_repaired_is_not_found_again(here, accepted):
    """Sent once more, nothing is repaired, refused, or found that had not been found before."""
    repaired = [one for one in accepted if one.fixed]
    again = post(here, [field("X-Postseal-Fixed", None)(one.arrived) for one in repaired], BOB)
    for one, other in zip(repaired, again):
        assert other.fixed == [] and other.reply.code == 250, (one.fixed, other.fixed, other.reply.text)
        # A check that is named twice has repaired one field, and left another alone.
        left = {check for check in one.found if check not in one.fixed or one.found.count(check) > 1}
        assert set(other.found) <= left, (one.found, one.fixed, other.found)
