"""Real and made messages through Sendmail, which rewrites fields after all filters: what arrives verifies, or the log says
why it does not."""

import os
import re
from collections import Counter
from contextlib import contextmanager

import pytest

from conftest import DOMAIN
from rig import corpus, made, mail, smtp
from rig.place import Place
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sendmail import Sendmail
from rig.sink import Sink
from rig.verify import passed

FULL = os.environ.get("POSTSEAL_FULL") == "1"
COUNT = int(os.environ.get("POSTSEAL_CORPUS_SENDMAIL", 3900 if FULL else 200))
MADE = int(os.environ.get("POSTSEAL_MADE_SENDMAIL", 500 if FULL else 150))
ALICE = "alice@test.example"
OUT = "someone@dest.example"
# Reasons that the signature will break. A message with `dkim.rewritten_field` must verify: the field is left out.
TOLD = {"dkim.rewritten_from", "dkim.rewritten_body", "dkim.long_header_line", "dkim.long_body_line"}


def config(keys, canonicalization: str = "relaxed/relaxed", more: str = "") -> Config:
    """Clients don't log in: their network makes the mail outgoing."""
    dkim = {"canonicalization": canonicalization}
    domains = [domain("*", keys, signing_domain=DOMAIN)]
    return Config([Milter("sendmail", "submission")], domains, dkim, origin={"networks": ["127.0.0.0/8"]}, more=more)


@pytest.fixture(scope="module")
def here(place, keys):
    """The daemon, Sendmail and the sink."""
    with through(place, config(keys)) as (daemon, sendmail, sink):
        yield daemon, sendmail, sink


@contextmanager
def through(place: Place, config: Config, more: str = ""):
    hook = config.milters[0].for_sendmail
    with Postseal(place.folder("postseal"), config) as daemon, Sink() as sink:
        with Sendmail(place.folder("sendmail"), sink.port, hook, more=more) as sendmail:
            yield daemon, sendmail, sink


def send_all(here, messages: list[bytes]) -> list[tuple[int, bytes, dict]]:
    """Number, what arrived, and the log line of each message that was accepted."""
    daemon, sendmail, sink = here
    before = len(sink.arrivals)
    with smtp.Client(sendmail.port) as client:
        replies = [client.send(f"m{at}@test.example", [OUT], one) for at, one in enumerate(messages)]
    accepted = {f"m{at}@test.example": at for at, reply in enumerate(replies) if reply.code == 250}
    sink.wait(before + len(accepted), 120)
    arrivals = {one.sender: one.data for one in sink.arrivals[before:]}
    assert arrivals.keys() == accepted.keys(), "lost or doubled"
    lines = {line["queue_id"]: line for line in daemon.messages()}
    found = []
    for sender, at in accepted.items():
        queue_id = re.search(r"^(\S+) Message accepted|\b(\w+) Message accepted", replies[at].text)
        found.append((at, arrivals[sender], lines[(queue_id[1] or queue_id[2])]))
    return found


def broken(found, verifiers, but=None) -> list[tuple[int, str]]:
    """Messages with a signature that does not verify although the log gives no reason; the verifier `but` is not asked."""
    signed = [(at, data) for at, data, line in found if line["signatures"] and not TOLD & set(line["reasons"])]
    unsigned = [at for at, _, line in found if not line["signatures"] and not line["reasons"]]
    bad = [(at, "unsigned without a reason") for at in unsigned]
    for verifier, algorithms in verifiers.all():
        if verifier is but:
            continue
        verdicts = verifier.check([data for _, data in signed])
        for (at, _), verdict in zip(signed, verdicts, strict=True):
            if not all(passed(verdict, DOMAIN, algorithm) for algorithm in algorithms):
                bad.append((at, "; ".join(map(str, verdict))))
    return bad


def tell(say, what: str, found) -> None:
    reasons = Counter(reason for _, _, line in found for reason in line["reasons"])
    signed = sum(bool(line["signatures"]) for _, _, line in found)
    told = sum(bool(TOLD & set(line["reasons"])) for _, _, line in found)
    say(f"{what}: {len(found)} accepted, {signed} signed, {told} of them told to break, reasons {dict(reasons)}")


def test_all_real_mail_verifies(here, verifiers, say):
    messages = corpus.sample(COUNT)
    found = send_all(here, [one.data for one in messages])
    tell(say, "real mail", found)
    assert len(found) == COUNT
    bad = broken(found, verifiers)
    assert bad == [], f"{len(bad)}: {[(messages[at].name, why) for at, why in bad[:5]]}"


@pytest.mark.parametrize("more", ["", "[header_checks]\n"], ids=["signed", "checked"])
@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "simple/simple"])
def test_made_mail_verifies(canonicalization, more, keys, verifiers, say):
    messages = made.messages(MADE, ALICE)
    with Place("made") as place, through(place, config(keys, canonicalization, more)) as here:
        found = send_all(here, messages)
    tell(say, f"{canonicalization} {more.strip()}", found)
    bad = broken(found, verifiers)
    assert bad == [], f"{len(bad)} of {len(found)}: {[(messages[at], why) for at, why in bad[:3]]}"


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
