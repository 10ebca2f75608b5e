"""Defects that Postfix takes out of a message before any milter sees it, and that other MTAs leave in.

For each: what Postfix makes of it, and that the check finds it in a dialogue as another MTA would hold it.
"""

import pytest

from conftest import DOMAIN
from rig import mail
from rig.mta import FIELDS, Mta
from rig.postseal_config import Config, domain
from rig.posting import post
from rig.smtp import Client
from rig.world import milters, world

ALICE = "alice@test.example"


@pytest.fixture(scope="module")
def here(place, keys):
    log = {"format": "json", "level": "info", "addresses": True}
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)], log=log, more="[header_checks]\n")
    with world(place, config) as here:
        yield here


@pytest.fixture
def say_it(here):
    """A dialogue of one message: the final reply."""

    def dialogue(body: bytes = b"Hello.\r\n", fields=None) -> bytes:
        with Mta(here.daemon.config.milters[0].port) as mta:
            mta.negotiate()
            mta.hello()
            return mta.message(body, fields).text

    return dialogue


def make(body: bytes = b"Hello.\r\n", *fields: bytes) -> bytes:
    made = mail.make(ALICE, "someone@dest.example", "defects")
    return mail.split(made)[0] + b"".join(one + b"\r\n" for one in fields) + b"\r\n" + body


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [(b"one\ntwo\r\n", b"one\r\ntwo\r\n"), (b"one\rtwo\r\n", b"one two\r\n"), (b"one\r\r\ntwo\r\n", b"one\r\ntwo\r\n")],
    ids=["LF", "CR", "CRCRLF"],
)
def test_bare_cr_and_lf(here, say_it, sent, becomes):
    (one,) = post(here, [make(sent)], ALICE)
    assert mail.split(one.arrived)[1] == becomes
    assert "nul_or_bare_cr_lf" not in one.found
    assert b"nul_or_bare_cr_lf: body: a " in say_it(sent)


def test_nul_gets_through_postfix(here, say_it):
    (one,) = post(here, [make(b"one\0two\r\n")], ALICE)
    assert "nul_or_bare_cr_lf" in one.found and one.rejected
    assert b"5.6.0 nul_or_bare_cr_lf: body: a NUL (octet 00 at offset 3)" in say_it(b"one\0two\r\n")


def test_a_line_that_is_no_field_ends_the_header_section(here, say_it):
    """So what stands behind it is text, and of no harm unless a program meant it for fields: see `header_cases.py`."""
    (one,) = post(here, [make(b"Hello.\r\n", b"Bad name: x", b"X-Behind: y")], ALICE)
    assert mail.split(one.arrived)[1] == b"Bad name: x\r\nX-Behind: y\r\n\r\nHello.\r\n"
    assert b"5.6.0 field_syntax: " in say_it(fields=[*FIELDS, (b"Bad name", b" x")])


def test_white_space_before_the_colon_is_dropped(here):
    (one,) = post(here, [make(b"Hello.\r\n", b"X-Note \t: x")], ALICE)
    assert mail.value(one.arrived, b"X-Note") == b"x"
    assert one.found == []


def test_date_and_message_id_are_added_for_clients_on_the_server_itself(here, say_it):
    """By Postfix; by postseal for all others."""
    message = make()
    for name in (b"Date", b"Message-ID"):
        message = message.replace(b"%s: %s\r\n" % (name, mail.value(message, name)), b"")
    (one,) = post(here, [message], ALICE)
    assert mail.value(one.arrived, b"Date") and mail.value(one.arrived, b"Message-ID")
    assert one.found == []
    assert say_it(fields=FIELDS[:3]) == b""


def test_mail_with_smtputf8_may_have_raw_fields(here):
    """And is told by its MAIL command, not by its octets."""
    message = make().replace(b"Subject: defects", "Subject: Grüße".encode())
    with Client(here.submission, ALICE) as client:
        client.smtp.mail("utf8@test.example", ["BODY=8BITMIME", "SMTPUTF8"])
        client.smtp.rcpt("someone@dest.example")
        code, text = client._data(message)
    assert code == 250, text
    here.postfix.wait_empty()
    arrival = next(one for one in here.sink.arrivals if one.sender == "utf8@test.example")
    assert arrival.value("Subject") == "Grüße".encode()
    assert arrival.value("X-Postseal-Fixed") is None
    (one,) = post(here, [message], ALICE)
    assert one.fixed == ["raw_8bit_header"]
