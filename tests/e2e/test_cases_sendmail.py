"""Messages from public bug reports that a real Sendmail rewrites after all filters."""

from pathlib import Path

import pytest

from conftest import DOMAIN
from rig import mail
from rig.place import Place
from rig.verify import passed
from test_corpus_sendmail import TOLD, config, send_all, through

CASES = Path(__file__).with_name("cases")
HOLDS = [
    "sendmail-apostrophe-in-name",
    "sendmail-body-line-991",
    "sendmail-comma-without-space",
    "sendmail-period-in-from-name",
    "sendmail-no-to",
    "sendmail-added-message-id",
]
MC = {
    "sendmail-no-to": "define(`confNO_RCPT_ACTION', `add-to-undisclosed')dnl",
    "sendmail-masqueraded-from": "MASQUERADE_AS(`test.example')dnl\nFEATURE(`masquerade_envelope')dnl",
}


def case(name: str) -> bytes:
    return (CASES / f"{name}.eml").read_bytes().replace(b"alice@example.com", b"alice@test.example")


def one(name: str, keys, canonicalization: str) -> tuple[bytes, dict]:
    """What arrived, and the line in the log."""
    with Place("case") as place, through(place, config(keys, canonicalization, "[header_checks]\n"), MC.get(name, "")) as here:
        ((_, arrived, line),) = send_all(here, [case(name)])
    return arrived, line


@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "simple/simple"])
@pytest.mark.parametrize("name", HOLDS)
def test_the_signature_holds_behind_sendmail(name, canonicalization, keys, verifiers):
    arrived, line = one(name, keys, canonicalization)
    assert not TOLD & set(line["reasons"])
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([arrived])[0]
        assert all(passed(verdicts, DOMAIN, algorithm) for algorithm in algorithms), "; ".join(map(str, verdicts))
    if name == "sendmail-apostrophe-in-name":
        assert mail.value(arrived, b"Cc") == b"\"Pat O'Neil\" <pat@dest.example>, \"'Kim Doe'\" <kim@dest.example>"


def test_a_name_that_sendmail_cuts_is_not_signed(keys, verifiers):
    arrived, line = one("sendmail-long-filename", keys, "relaxed/relaxed")
    assert "dkim.rewritten_field" in line["reasons"]
    assert passed(verifiers.dkimpy.check_one(arrived), DOMAIN, verifiers.RSA)


def test_masquerading_is_documented():
    """Sendmail changes From after all filters, as its configuration says, which no filter can see."""
    text = Path(__file__).resolve().parents[2].joinpath("deploy/sendmail/README.md").read_text()
    assert "MASQUERADE_AS" in text and "genericstable" in text and "nocanonify" in text
