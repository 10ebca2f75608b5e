"""Messages from public bug reports that only a real Postfix can spoil: long lines, its own notices, redirected mail."""

from pathlib import Path

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import Place
from rig.posting import REMOTE, post
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sink import Sink
from rig.verify import DkimPy, passed
from rig.world import REFUSED, milters, world
from test_cases import AUTHORS

CASES = Path(__file__).with_name("cases")
ALICE, OUT = "alice@test.example", "someone@dest.example"
LOG = {"format": "json", "level": "info", "addresses": True}
LONG = [
    "fold-within-quoted-name",
    "header-line-999",
    "list-unsubscribe-two-urls",
    "long-cc-without-checks",
    "references-adjacent-ids",
    "to-commas-without-space-1600",
]


def case(name: str) -> bytes:
    """The message, from an address that has a key here."""
    return (CASES / f"{name}.eml").read_bytes().replace(b"alice@example.com", ALICE.encode())


def assert_verifies(message: bytes, verifiers) -> None:
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([message])[0]
        for algorithm in algorithms:
            assert passed(verdicts, DOMAIN, algorithm), "; ".join(map(str, verdicts))


@pytest.fixture(scope="module")
def here(place, keys):
    config = Config(milters(place), [domain(DOMAIN, keys)], log=LOG, more="[header_checks]\n")
    with world(place, config, smtputf8_autodetect_classes="verify", **REMOTE) as here:
        yield here


@pytest.mark.parametrize("name", LONG)
def test_long_fields_leave_as_they_were_signed(name, here, verifiers):
    (posted,) = post(here, [case(name)], ALICE)
    assert posted.arrival, posted.reply
    assert_verifies(posted.arrival.data, verifiers)


def test_without_checks_the_log_tells_that_the_signature_will_break(keys):
    with Place("unchecked") as place, world(place, Config(milters(place), [domain(DOMAIN, keys)], log=LOG), **REMOTE) as here:
        (posted,) = post(here, [case("long-cc-without-checks")], ALICE)
    assert [one for one in posted.line["reasons"] if one.startswith("dkim.")], posted.line


def test_local_mail_with_a_raw_subject_is_delivered(here):
    """Postfix must not mark it SMTPUTF8 when it reads the raw field."""
    here.postfix.sendmail(ALICE, [OUT], case("local-utf8-subject"))
    arrival = here.sink.wait_for_subject("Sicherung =?utf-8?Q?f=C3=BCr_K=C3=B6ln?=")
    assert "SMTPUTF8" not in arrival.mail_args


@pytest.mark.parametrize("mail_name", ["Postfix", "Postcow"])
def test_the_name_of_postfix_does_not_matter(mail_name, keys, verifiers):
    with Place(mail_name) as place:
        config = Config(milters(place), [domain(DOMAIN, keys)], log=LOG, more="[header_checks]\n")
        with world(place, config, mail_name=mail_name, **REMOTE) as here:
            (posted,) = post(here, [case("mail-name-changed")], ALICE)
    assert_verifies(posted.arrival.data, verifiers)
    names = mail.signatures(posted.arrival.data)[0]["h"].lower().replace(" ", "").split(":")
    assert names.count("date") == 2 and names.count("message-id") == 2


def test_two_from_fields_do_not_bounce_redirected_mail(here):
    """sendmail(1) -f, as Sieve redirects: the message has been accepted already."""
    here.postfix.sendmail("carol@author.example", [OUT], case("redirected-two-from"))
    arrival = here.sink.wait_for_subject("two From fields")
    assert not mail.signatures(arrival.data)
    line = next(line for line in here.daemon.messages() if "dkim.from_multiple" in line["reasons"])
    assert line["verdict"] == "accept" and line["listener"] == "local"


def test_the_forwarded_signature_still_verifies(here):
    here.postfix.sendmail(ALICE, [OUT], case("forwarded-raw-subject"))
    arrival = here.sink.wait_for_subject("Grüße")
    verdicts = DkimPy(AUTHORS).check_one(arrival.data)
    assert [verdict.passed for verdict in verdicts if verdict.domain == "author.example"] == [True]


OWNERS = """
[sender]
[[sender.owner]]
listener = "local"
may_use = ["@test.example"]
[[sender.owner]]
user = "alice@test.example"
may_use = ["alice@test.example"]
"""


def test_the_notice_to_the_postmaster_reaches_him(place, keys):
    own_keys = [domain(DOMAIN, keys), domain("mta.test.example", keys, signing_domain=DOMAIN)]
    config = Config(milters(place), own_keys, more=OWNERS)
    daemon = Postseal(place.folder("notice"), config)
    settings = {
        "non_smtpd_milters": daemon.milter("local"),
        "internal_mail_filter_classes": "bounce, notify",
        "notify_classes": "bounce",
        "myhostname": "mta.test.example",
        "bounce_notice_recipient": "postmaster@dest.example",
    }
    ports = [Listener("submission", daemon.milter("submission"), sasl=True)]
    with daemon, Sink(refuse=lambda one: one == REFUSED) as sink:
        with Postfix(place.folder("notice-postfix"), sink.port, ports, **settings) as postfix:
            message = mail.make(ALICE, REFUSED, "will bounce")
            reply = smtp.submit(postfix.port("submission"), ALICE, [REFUSED], message, ALICE)
            assert reply.code == 250
            arrivals = sink.wait(2)
            recipients = {one for arrival in arrivals for one in arrival.recipients}
    assert recipients == {"postmaster@dest.example", ALICE}


NULL_SENDER = """
[[rate_limit]]
name = "per-sender"
key = ["sender"]
count = "messages"
limit = "3/1h"
"""


def test_bounces_of_one_client_do_not_use_up_the_limit_of_another(place, keys):
    """Two client addresses of loopback."""
    milter = Milter("submission", "submission")
    config = Config([milter], [domain(DOMAIN, keys)], origin={"networks": ["127.0.0.0/8"]}, more=NULL_SENDER)
    with Postseal(place.folder("null"), config) as daemon, Sink() as sink:
        ports = [Listener("submission", daemon.milter("submission"), options={"mynetworks": "127.0.0.0/8"})]
        with Postfix(place.folder("null-postfix"), sink.port, ports) as postfix:
            port = postfix.port("submission")
            message = mail.make(f"MAILER-DAEMON@{DOMAIN}", OUT, "a bounce")
            first = [smtp.submit(port, "", [OUT], message, source="127.0.0.2").code for _ in range(4)]
            second = smtp.submit(port, "", [OUT], message, source="127.0.0.3").code
    assert first == [250, 250, 250, 450] and second == 250
