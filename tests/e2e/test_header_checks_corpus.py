"""Real legitimate mail through the checks with their defaults: next to nothing is refused, nothing is damaged.

3,900 messages with POSTSEAL_FULL=1 (`make corpus`), 300 of them otherwise: all with 8-bit header fields, long lines or
bad charsets, the rest evenly spread. Postfix takes them as from a client elsewhere, since it adds Date and Message-ID
for clients on the server itself.
"""

import os
import quopri
from collections import Counter

import pytest

from conftest import DOMAIN
from rig import corpus, mail
from rig.postseal_config import Config, domain
from rig.posting import REMOTE, Posted, post
from rig.reader import MailParser, PythonEmail, worse
from rig.verify import passed
from rig.world import milters, world

SAMPLE = 300
ALICE = "alice@test.example"
# Legitimate mail that is refused, and why that is right.
REFUSED = {
    "easy-ham-1/00714.16c4d34ab2c9622fe82de9570946f9ef": 'Cc: "^F"@argote.ch is no address anybody can answer to',
}
TRACE = b"x-postseal-fixed"


@pytest.fixture(scope="module")
def posted(place, keys) -> list[tuple[corpus.Message, Posted]]:
    log = {"format": "json", "level": "info", "addresses": True}
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)], log=log, more="[header_checks]\n")
    messages = corpus.easy_ham() if os.environ.get("POSTSEAL_FULL") else corpus.odd_sample(SAMPLE)
    with world(place, config, **REMOTE) as here:
        return list(zip(messages, post(here, [one.data for one in messages], ALICE)))


def test_what_is_refused_is_named_here(posted, say):
    found = Counter(check for _, one in posted for check in one.found)
    say(f"{len(posted)} messages; found: {', '.join(f'{check} {count}' for check, count in found.most_common())}")
    refused = {message.name: one.reply.text for message, one in posted if one.arrival is None}
    for name, text in refused.items():
        say(f"refused: {name}: {text}")
    assert refused.keys() <= REFUSED.keys()
    assert len(REFUSED) <= 4


def test_what_is_not_repaired_arrives_octet_for_octet(posted, say):
    """Only Received and our signatures are new."""
    untouched = [(message, one) for message, one in posted if one.arrival and not one.fixed]
    say(f"{len(untouched)} untouched")
    assert [message.name for message, one in untouched if one.arrived != one.taken] == []


def test_a_repair_touches_what_it_says_and_no_more(posted, say):
    repaired = [(message, one) for message, one in posted if one.fixed]
    checks = Counter(check for _, one in repaired for check in one.fixed)
    say(f"{len(repaired)} repaired: {', '.join(f'{check} {count}' for check, count in checks.most_common())}")
    for message, one in repaired:
        edited = {edit.get("field", "").lower().encode() for edit in one.line["edits"]} | {TRACE}
        before, after = (
            [field for field in mail.fields(octets) if field[0].lower() not in edited]
            for octets in (one.taken, one.arrived)
        )
        assert before == after, message.name
        body = mail.split(one.arrived)[1]
        if any(edit["op"] == "body" for edit in one.line["edits"]):
            assert mail.value(one.arrived, b"Content-Transfer-Encoding") == b"quoted-printable", message.name
            body = quopri.decodestring(body)
        assert body == mail.split(one.taken)[1], message.name


def test_readers_see_the_same_or_better(posted):
    with MailParser() as mail_parser:
        for reader in (PythonEmail(), mail_parser):
            for message, one in posted:
                if one.fixed:
                    assert worse(reader.sees(one.taken), reader.sees(one.arrived)) == [], (reader.name, message.name)


def test_all_that_is_repaired_is_signed_and_verifies(posted, verifiers, say):
    """The trace field is signed, too."""
    repaired = [(message, one) for message, one in posted if one.fixed]
    for message, one in repaired:
        verdicts = verifiers.dkimpy.check_one(one.arrival.data)
        assert all(passed(verdicts, DOMAIN, name) for name in (verifiers.RSA, verifiers.ED25519)), message.name
        for tags in mail.signatures(one.arrival.data):
            assert TRACE.decode() in tags["h"].lower().split(":"), message.name
    say(f"{len(repaired)} verify")
