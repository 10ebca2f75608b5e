"""What happens to mail of a wrong sender, in the ways other than a refusal; tables and their reload."""

import pytest

from rig import mail
from rig.place import wait_for
from rig.senders import ALICE, mta

BOSS = "From: The Boss <boss@test.example>"


@pytest.fixture(scope="module", params=["postfix", "sendmail"])
def rewriting(request, place, keys):
    settings = 'envelope_mismatch = "rewrite"\nheader_mismatch = "rewrite"\nsender_field = "fix"'
    with mta(request.param, place, keys, settings) as here:
        yield here


def test_the_account_takes_the_place_of_the_boss(rewriting):
    arrival = rewriting.delivered(BOSS, "boss@test.example")
    assert arrival.sender == ALICE
    assert mail.values(arrival.data, b"From") == [b"The Boss <alice@test.example>"]
    assert mail.values(arrival.data, b"X-Original-From") == [b"The Boss <boss@test.example>"]
    assert mail.values(arrival.data, b"Reply-To") == [b"The Boss <boss@test.example>"]
    assert [tags["d"] for tags in mail.signatures(arrival.data)] == ["test.example"] * 2


def test_sender_is_set_removed_and_dropped(rewriting):
    for fields, expected in [
        ("From: info@test.example", [b"alice@test.example"]),
        ("From: info@test.example\nSender: boss@test.example", [b"alice@test.example"]),
        (f"From: {ALICE}\nSender: Alice <{ALICE}>", []),
        ("From: info@test.example\nList-Id: <l.test.example>", []),
        ("From: info@test.example\nSender: info@test.example\nPrecedence: list", [b"info@test.example"]),
    ]:
        arrival = rewriting.delivered(fields, ALICE)
        assert mail.values(arrival.data, b"Sender") == expected, fields


@pytest.fixture(scope="module")
def logging(place, keys):
    settings = 'envelope_mismatch = "log"\nheader_mismatch = "log"'
    role = '[[sender.owner]]\nuser = "web1@test.example"\nmay_use = ["@test.example"]\nin = ["from"]\n'
    role += '[[sender.autoresponder]]\nuser = "web1@test.example"\nsender = "vacation@test.example"\n'
    file = place.folder("tables") / "owners"
    file.write_text("team@test.example bob\n")
    table = f'[[sender.table]]\nfile = "{file}"\nformat = "postfix"\n[reload]\nperiod = "100ms"\n'
    with mta("postfix", place, keys, settings, role + table) as here:
        here.table = file
        yield here


def test_what_is_only_logged_is_not_signed(logging):
    arrival = logging.delivered(BOSS, "boss@test.example")
    assert (arrival.sender, mail.signatures(arrival.data)) == ("boss@test.example", [])
    reasons = logging.line()["reasons"]
    assert reasons[:2] == ["sender.envelope_mismatch", "sender.from_mismatch"]
    assert "dkim.sender_not_permitted" in reasons
    assert "boss@" not in logging.daemon.process.log(), "full addresses do not belong in the log at level info"


def test_vacation_mail_of_a_role_account(logging):
    fields = f"From: Alice <{ALICE}>\nAuto-Submitted: auto-replied\nPrecedence: bulk"
    arrival = logging.delivered(fields, "whatever@test.example", user="web1@test.example")
    assert arrival.sender == ""
    assert mail.values(arrival.data, b"Sender") == [b"vacation@test.example"]
    assert mail.values(arrival.data, b"From") == [b"Alice <alice@test.example>"]
    assert mail.values(arrival.data, b"Auto-Submitted") == [b"auto-replied"]
    assert len(mail.signatures(arrival.data)) == 2


def test_a_table_is_followed(logging):
    def signed() -> bool:
        return bool(mail.signatures(logging.delivered("From: team@test.example", ALICE).data))

    assert not signed()
    new = logging.table.with_suffix(".new")
    new.write_text(f"team@test.example bob, {ALICE}\n")
    new.replace(logging.table)
    wait_for("the new table", lambda: "the new configuration is in force" in logging.daemon.process.log(), 15)
    assert signed()


def test_alignment_can_be_required(place, keys):
    more = '[[sender.owner]]\nuser = "alice@test.example"\nmay_use = ["@esp.example", "@kunde.example"]\n'
    with mta("sendmail", place, keys, "require_alignment = true", more) as here:
        assert here.submit(f"From: {ALICE}", "a@esp.example").code == 250
        assert here.submit("From: a@kunde.example", "a@kunde.example").code == 250
        reply = here.submit("From: a@kunde.example", "a@esp.example")
        assert (reply.code, reply.text.split(":")[0]) == (550, "5.7.1 Mail from kunde.example would fail DMARC")
        assert here.line()["reasons"] == ["dkim.no_key_for_domain", "alignment.not_aligned"]
