"""Every canonicalization survives a real Postfix, also with the white space that real mail has."""

import re

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import Place
from rig.postseal_config import Config, domain
from rig.verify import passed
from rig.world import milters, world

ALICE = "alice@test.example"
OUT = "someone@dest.example"

ODD = (
    "From:alice@test.example\r\n"
    "To:   someone@dest.example,\r\n\tother@dest.example\r\n"
    "Subject: {subject}\r\n"
    "Message-ID:\r\n <{subject}@test.example>\r\n"
    "References: <1@dest.example>\r\n  <2@dest.example>  \r\n"
    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
    "\r\n"
    "two  spaces, a \t tab, blanks at the end  \r\n"
    ".\r\n"
    "\r\n"
    " \t\r\n"
    "last\r\n"
    "\r\n"
    "  \r\n"
    "\r\n"
)


@pytest.fixture(scope="module")
def here(place, keys):
    with world(place, Config(milters(place), [domain(DOMAIN, keys)])) as here:
        yield here


@pytest.mark.parametrize("way", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"])
def test_signature_holds(here, verifiers, way):
    here.daemon.stop()
    here.daemon.config.dkim = {"canonicalization": way}
    here.daemon.write(here.daemon.config.toml())
    here.daemon.start()
    subject = way.replace("/", "-")
    for kind in ("odd", "empty", "even"):
        name = f"{subject}-{kind}"
        message = ODD.format(subject=name).encode()
        if kind == "empty":
            message = message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        if kind == "even":
            message = re.sub(rb"(?m)^([A-Z][A-Za-z-]+):\s*", rb"\1: ", message)
        assert smtp.submit(here.submission, ALICE, [OUT], message, ALICE).code == 250
        arrived = here.sink.wait_for_subject(name).data
        assert {tags["c"] for tags in mail.signatures(arrived)} == {way}
        for verifier, algorithms in verifiers.all():
            # `opendkim -t` puts one space behind every colon before it verifies.
            if verifier.name == "OpenDKIM" and way.startswith("simple/") and kind != "even":
                continue
            verdicts = verifier.check([arrived])[0]
            for algorithm in algorithms:
                assert passed(verdicts, DOMAIN, algorithm), "; ".join(map(str, verdicts))


@pytest.mark.parametrize("way", ["relaxed/relaxed", "simple/relaxed", "simple/simple"])
def test_signature_holds_where_postfix_strips_values(keys, verifiers, way):
    """An old `milter_protocol` takes a space off each value, so that the simple form of a field can't be known."""
    with Place("protocol") as place:
        config = Config(milters(place), [domain(DOMAIN, keys)], dkim={"canonicalization": way})
        with world(place, config, milter_protocol="2") as here:
            message = ODD.format(subject="stripped").encode()
            answer = smtp.submit(here.submission, ALICE, [OUT], message, ALICE)
            assert answer.code == 250
            arrived = here.sink.wait_for_subject("stripped").data
            assert {tags["c"] for tags in mail.signatures(arrived)} == {way.replace("simple/", "relaxed/")}
            for verifier, algorithms in verifiers.all():
                for algorithm in algorithms:
                    assert passed(verifier.check([arrived])[0], DOMAIN, algorithm), f"{verifier.name} {algorithm}"
            told = ["dkim.relaxed_header"] if way.startswith("simple/") else []
            assert here.daemon.message(answer.queue_id)["reasons"] == told
