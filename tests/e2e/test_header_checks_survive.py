"""What Postfix alters after every milter breaks no signature where the body was made fit to travel before it was signed.

Real messages of one text part with lines over 998 octets or 8-bit text, to next hops with and without 8BITMIME: with the
repairs on all of them verify. Bob's mail is exempt from the repairs, to show that without them it breaks. All messages
of the corpus with POSTSEAL_FULL=1, otherwise 60.

ASCII that is named 8bit is re-encoded as well, since Postfix goes by the name. By default it is named 7bit.
"""

import os
import quopri

import pytest

from conftest import DOMAIN
from rig import corpus, mail
from rig.postseal_config import Config, domain
from rig.posting import REMOTE, Posted, post
from rig.reader import MailParser, PythonEmail, is_as_good
from rig.verify import passed
from rig.world import milters, world

ALICE, BOB = "alice@test.example", "bob@test.example"
SAMPLE = 60
CHECKS = """\
[header_checks]
long_body_line = "fix"
eight_bit_body = "fix"

[[header_checks.exception]]
user = "bob@test.example"
action = "log"
"""


@pytest.fixture(scope="module")
def here(place, keys):
    log = {"format": "json", "level": "info", "addresses": True}
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)], log=log, more=CHECKS)
    with world(place, config, **REMOTE, smtp_connection_cache_on_demand="no") as here:
        yield here


@pytest.fixture(scope="module")
def fragile() -> list[bytes]:
    """Messages of one text part that don't survive as they are; long ones first, as there are few."""
    found = [one for one in corpus.everything() if corpus.is_one_text(one.data)]
    long = [one.data for one in found if max(map(len, mail.split(one.data)[1].split(b"\r\n"))) > corpus.SMTP_LINE]
    eight_bit = [one.data for one in found if not mail.split(one.data)[1].isascii() and one.data not in long]
    if not os.environ.get("POSTSEAL_FULL"):
        eight_bit = eight_bit[:: len(eight_bit) // (SAMPLE - len(long))]
    return long + eight_bit


def survives(one: Posted, verifiers) -> bool:
    verdicts = verifiers.dkimpy.check_one(one.arrival.data)
    return all(passed(verdicts, DOMAIN, algorithm) for algorithm in (verifiers.RSA, verifiers.ED25519))


def accepted(posted: list[Posted]) -> list[Posted]:
    """Some spam is refused for other reasons; what is not signed, for lack of a usable From, is no proof of anything."""
    return [one for one in posted if one.arrival and mail.signatures(one.arrival.data)]


def is_named_8bit(message: bytes) -> bool:
    return (mail.value(message, b"Content-Transfer-Encoding") or b"").lower() == b"8bit"


@pytest.mark.parametrize("eight_bit_mime", [True, False], ids=["8bitmime", "7bit"])
def test_with_the_repair_all_verify(here, fragile, verifiers, eight_bit_mime, say):
    here.sink.eight_bit = eight_bit_mime
    posted = accepted(post(here, fragile, ALICE))
    say(f"8BITMIME {eight_bit_mime}: {len(posted)} of {len(fragile)} accepted and signed")
    assert len(posted) > len(fragile) * 0.8
    assert sum(survives(one, verifiers) for one in posted) == len(posted)
    for one in posted:
        assert mail.split(one.arrived)[1].isascii()
        assert quopri.decodestring(mail.split(one.arrived)[1]) == mail.split(one.taken)[1]
    with MailParser() as mail_parser:
        for reader in (PythonEmail(), mail_parser):
            for one in posted:
                before, after = reader.sees(one.taken).texts, reader.sees(one.arrived).texts
                assert len(before) == len(after) and all(map(is_as_good, before, after)), reader.name


@pytest.mark.parametrize("eight_bit_mime", [True, False], ids=["8bitmime", "7bit"])
def test_without_it_they_break(here, fragile, verifiers, eight_bit_mime, say):
    here.sink.eight_bit = eight_bit_mime
    posted = accepted(post(here, fragile, BOB))
    # Lines over 998 always; 8-bit text where the next hop can't take it. What is not named 8bit, Postfix sends as it is,
    # although it must not.
    long = [one for one in posted if "long_body_line" in one.found]
    eight_bit = [one for one in posted if "long_body_line" not in one.found and is_named_8bit(one.sent)]
    broken = [one for one in posted if not survives(one, verifiers)]
    say(f"8BITMIME {eight_bit_mime}: {len(broken)} of {len(posted)} broken, {len(long)} with long lines")
    assert all(one in broken for one in long) and long
    assert all((one in broken) != eight_bit_mime for one in eight_bit) and eight_bit


def test_ascii_that_is_named_8bit_is_named_7bit(here, verifiers, say):
    """With the default action, whatever the parts are called that are not named 8bit themselves."""
    here.sink.eight_bit = False
    named = [one.data for one in corpus.everything() if is_named_8bit(one.data) and mail.split(one.data)[1].isascii()]
    if not os.environ.get("POSTSEAL_FULL"):
        named = named[:: len(named) // SAMPLE]
    repaired, untouched = (
        {one.sent: one for one in accepted(post(here, named, user)) if "long_body_line" not in one.found}
        for user in (ALICE, BOB)
    )
    fixed = {sent for sent, one in repaired.items() if "transfer_encoding_mismatch" in one.fixed}
    before, after = (sum(survives(one, verifiers) for one in all.values()) for all in (untouched, repaired))
    say(f"{len(named)} messages of ASCII named 8bit, {len(fixed)} repaired; verify: {before} before, {after} after")
    assert before < after / 10
    for sent in fixed:
        assert survives(repaired[sent], verifiers)
        assert mail.split(repaired[sent].arrived)[1] == mail.split(repaired[sent].taken)[1]
