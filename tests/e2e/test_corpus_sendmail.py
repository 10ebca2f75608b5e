"""Two hundred real messages through Sendmail and postseal: all that arrives verifies."""

import os

import pytest

from conftest import DOMAIN
from rig import corpus, mail, smtp
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sendmail import Sendmail
from rig.sink import Sink
from rig.verify import passed

COUNT = int(os.environ.get("POSTSEAL_CORPUS_SENDMAIL", 200))
ALICE = "alice@test.example"
OUT = "someone@dest.example"


@pytest.fixture(scope="module")
def here(place, keys):
    """The daemon, Sendmail and the sink. Clients don't log in: their network makes the mail ours."""
    milter = Milter("sendmail", "submission")
    config = Config([milter], [domain("*", keys, signing_domain=DOMAIN)], origin={"networks": ["127.0.0.0/8"]})
    with Postseal(place.folder("postseal"), config) as daemon, Sink() as sink:
        with Sendmail(place.folder("sendmail"), sink.port, milter.for_sendmail) as sendmail:
            yield daemon, sendmail, sink


def test_all_real_mail_verifies(here, verifiers, say):
    daemon, sendmail, sink = here
    messages = corpus.sample(COUNT)
    with smtp.Client(sendmail.port) as client:
        for at, one in enumerate(messages):
            reply = client.send(ALICE, [OUT], b"X-Seq: %d\r\n%s" % (at, one.data))
            assert reply.code == 250, f"{one.name}: {reply}"
    sink.wait(COUNT)
    arrivals = sorted(sink.arrivals, key=lambda one: int(one.value("X-Seq")))
    assert [int(one.value("X-Seq")) for one in arrivals] == list(range(COUNT)), "lost or doubled"

    unsigned = [messages[at].name for at, one in enumerate(arrivals) if not mail.signatures(one.data)]
    expected = [at for at in range(COUNT) if messages[at].name not in unsigned]
    policy = [line for line in daemon.messages(COUNT) if line["verdict"] == "accept" and not line["signatures"]]
    assert len(unsigned) == len(policy) and all(line["reasons"] for line in policy), "unsigned without a reason"
    say(f"{COUNT} messages through Sendmail, {len(expected)} must verify, not signed by policy: {unsigned}")
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([one.data for one in arrivals])
        for algorithm in algorithms:
            bad = [messages[at].name for at in expected if not passed(verdicts[at], DOMAIN, algorithm)]
            say(f"{verifier.name} {algorithm}: {len(expected) - len(bad)} of {len(expected)} verify")
            assert bad == [], f"{verifier.name} {algorithm}"


def test_quirk_16_fields_that_sendmail_adds_later(here, verifiers):
    """Sendmail adds a missing Date and Message-ID after the milters: they must not have been signed as absent."""
    _, sendmail, sink = here
    message = mail.crlf(f"From: {ALICE}\nTo: {OUT}\nSubject: bare\n\nno Date, no Message-ID\n".encode())
    assert smtp.submit(sendmail.port, ALICE, [OUT], message).code == 250
    arrived = sink.wait_for_subject("bare")
    assert arrived.value("Date") and arrived.value("Message-ID")
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([arrived.data])[0]
        assert all(passed(verdicts, DOMAIN, algorithm) for algorithm in algorithms), "; ".join(map(str, verdicts))


def test_quirk_17_sendmail_folds_address_fields_anew(here, verifiers):
    """After the milters Sendmail writes long lists of addresses in its own way: relaxed signatures survive that."""
    _, sendmail, sink = here
    others = ", ".join(f"recipient.number.{number}@dest.example" for number in range(12))
    message = mail.make(ALICE, others, "folded anew", "x\n", f"Cc: {others}")
    assert smtp.submit(sendmail.port, ALICE, [OUT], message).code == 250
    arrived = sink.wait_for_subject("folded anew").data
    assert others.encode() not in arrived, "Sendmail has folded it"
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([arrived])[0]
        assert all(passed(verdicts, DOMAIN, algorithm) for algorithm in algorithms), "; ".join(map(str, verdicts))
