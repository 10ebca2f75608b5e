"""Mail that a real Postfix makes itself: bounces, double bounces, notices to the postmaster. And mail that pretends to be."""

import pytest

from rig import mail, smtp
from rig.place import Place, wait_for
from rig.postseal_config import Config, domain
from rig.world import REFUSED, milters, world

VICTIM, OWN = "victim.example", "mta.test.example"
CLASSES = "bounce, 2bounce, policy, protocol, resource, software"
SENDER = '\n[sender]\nown_names = ["test.example"]\n[[sender.owner]]\nlistener = "submission"\nmay_use = ["*"]\n'


@pytest.fixture(scope="module", params=["refuse_on default", "refuse_on everywhere"])
def here(request, keys):
    domains = [domain(name, keys, "test.example") for name in ("test.example", OWN, VICTIM)]
    origin = {"authenticated": True, "networks": ["127.0.0.0/8"]}
    more = SENDER
    if request.param.endswith("everywhere"):
        more = SENDER.replace("[sender]\n", '[sender]\nrefuse_on = ["submission", "local", "reinject"]\n')
    settings = {"internal_mail_filter_classes": "bounce, notify", "notify_classes": CLASSES}
    with Place("own-mail") as place:
        config = Config(milters(place), domains, origin=origin, more=more)
        with world(place, config, **settings) as here:
            here.refuses = request.param.endswith("everywhere")
            yield here


def message(subject: str) -> bytes:
    return mail.crlf(f"From: alice@test.example\nTo: {REFUSED}\nSubject: {subject}\n\nHello.\n".encode())


def arrivals(here, start: str, recipient: str) -> list:
    return [
        one
        for one in list(here.sink.arrivals)
        if (one.value("Subject") or b"").startswith(start.encode()) and one.recipients == [recipient]
    ]


def one_signed(here, start: str, recipient: str, sender: str):
    found = wait_for(f"{start} for {recipient}", lambda: arrivals(here, start, recipient), 20)[0]
    assert found.sender == sender
    assert [tags["d"] for tags in mail.signatures(found.data)] == ["test.example"] * 2, found.data
    return found


def test_a_bounce_and_the_copy_for_the_postmaster(here):
    reply = smtp.submit(here.submission, "alice@test.example", [REFUSED], message("to nobody"), "alice@test.example")
    assert reply.code == 250, reply
    bounce = one_signed(here, "Undelivered Mail Returned to Sender", "alice@test.example", "")
    one_signed(here, "Postmaster Copy: Undelivered Mail", "postmaster@test.example", f"double-bounce@{OWN}")
    assert b"MAILER-DAEMON@" in mail.values(bounce.data, b"From")[0]


def test_a_double_bounce(here):
    """The postmaster gets a copy of the bounce, and then the bounce of the bounce."""
    before = len(here.sink.arrivals)
    assert smtp.submit(here.submission, REFUSED, [REFUSED], message("from nobody"), "alice@test.example").code == 250
    for arrival in here.sink.wait(before + 2)[before:]:
        assert arrival.sender == f"double-bounce@{OWN}"
        assert arrival.value("Subject") == b"Postmaster Copy: Undelivered Mail"
        assert [tags["d"] for tags in mail.signatures(arrival.data)] == ["test.example"] * 2


def test_a_notice_about_a_client(here):
    with smtp.Client(here.submission) as client:
        client.smtp.docmd("MAIL", "FROM:<alice@test.example>")
        assert client.smtp.docmd("RCPT", f"TO:<{REFUSED}>")[0] >= 500
    notice = one_signed(here, "Postfix SMTP server: errors from", "postmaster@test.example", f"double-bounce@{OWN}")
    assert mail.values(notice.data, b"Content-Type") == [], "the notice is plain text"


FORGED = {
    "postmaster of another": f"Accounts <postmaster@{VICTIM}>",
    "daemon of another": f"MAILER-DAEMON@{VICTIM} (Mail Delivery System)",
    "somebody here": "Boss <boss@test.example>",
    "another in the name": f'"ceo@{VICTIM}" <postmaster@{OWN}>',
}


@pytest.mark.parametrize("sender", ["", f"double-bounce@{OWN}", f"double-bounce@{VICTIM}"])
@pytest.mark.parametrize("name", FORGED)
def test_what_a_local_program_writes_is_not_signed(here, name, sender):
    subject = f"forged {name} by {sender or 'nobody'}"
    fields = f"From: {FORGED[name]}\nTo: x@dest.example\nSubject: {subject}\nAuto-Submitted: auto-replied\n"
    before = len(here.daemon.messages())
    here.postfix.sendmail(sender, ["x@dest.example"], (fields + "\nHello.\n").encode())
    if here.refuses:
        wait_for("the log line", lambda: len(here.daemon.messages()) > before, 15)
        assert here.sink.find(subject) is None
        return
    arrival = here.sink.wait_for_subject(subject)
    assert mail.signatures(arrival.data) == []
