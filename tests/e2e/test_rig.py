"""The rig sees what it is there to see: a bad signature, an unsigned, a lost and a doubled message.

OpenDKIM signs here, so these tests say something about the rig and nothing about postseal.
"""

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.crowd import Crowd, numbered
from rig.ledger import balance
from rig.opendkim import OpenDkim
from rig.postfix import Listener, Postfix
from rig.sink import Sink
from rig.verify import passed

ALICE = "alice@test.example"


@pytest.fixture(scope="module")
def signer(place, keys):
    with OpenDkim(place.folder("signer"), keys[0]) as signer:
        yield signer


@pytest.fixture(scope="module")
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def postfix(place, signer, sink):
    listeners = [Listener("submission", signer.milter, sasl=True)]
    with Postfix(place.folder("postfix"), sink.port, listeners, milter_default_action="accept") as postfix:
        yield postfix


def signed_mail(postfix, sink, subject: str) -> bytes:
    message = mail.make(ALICE, "bob@dest.example", subject, ".a dot\n..\n\ntwo dots\n")
    assert smtp.submit(postfix.port("submission"), ALICE, ["bob@dest.example"], message, ALICE).code == 250
    return sink.wait_for_subject(subject).data


def test_bytes_arrive_as_they_were_sent(postfix, sink):
    message = mail.make(ALICE, "bob@dest.example", "bytes", ".\n..\n.a dot\nGr\u00fc\u00dfe\n\n \n")
    smtp.submit(postfix.port("submission"), ALICE, ["bob@dest.example"], message, ALICE)
    assert sink.wait_for_subject("bytes").data.endswith(message)


def test_each_verifier_accepts_and_sees_a_change(postfix, sink, verifiers):
    good = signed_mail(postfix, sink, "verifiers")
    for verifier, _ in verifiers.all():
        assert passed(verifier.check([good])[0], DOMAIN, "rsa-sha256"), verifier.name
        for bad in (good.replace(b"two dots", b"two d0ts"), good.replace(b"Subject: ", b"Subject: Re: ")):
            assert not passed(verifier.check([bad])[0], DOMAIN, "rsa-sha256"), verifier.name


def test_a_batch_keeps_its_order(postfix, sink, verifiers):
    good = signed_mail(postfix, sink, "batch")
    unsigned = mail.make(ALICE, "bob@dest.example", "unsigned")
    messages = [good, unsigned, good.replace(b"dot", b"dog"), good]
    for verifier, _ in verifiers.all():
        results = [passed(verdicts, DOMAIN, "rsa-sha256") for verdicts in verifier.check(messages)]
        assert results == [True, False, False, True], verifier.name


def test_ledger_sees_lost_doubled_and_unsigned(postfix, sink, verifiers):
    sink.arrivals.clear()
    crowd = Crowd(
        postfix.port("submission"), ALICE, lambda seq: numbered(seq, ALICE), ["sink@dest.example"], rate=40, clients=4
    )
    crowd.start()
    sink.wait(20)
    crowd.stop()
    postfix.wait_empty()

    def check(arrivals):
        return balance(crowd, arrivals, verifiers.dkimpy, ("rsa-sha256",), DOMAIN)

    whole = check(sink.arrivals)
    whole.assert_whole()
    assert whole.accepted == whole.arrived >= 20

    one, two, three = sink.arrivals[:3]
    three.data = three.data[three.data.index(b"Received:") :]  # the signature stands above
    spoilt = check([one, one, three, *sink.arrivals[3:]])
    assert spoilt.doubled == [int(one.value("X-Seq"))]
    assert spoilt.lost == [int(two.value("X-Seq"))]
    assert spoilt.unsigned == [int(three.value("X-Seq"))]
    with pytest.raises(AssertionError):
        spoilt.assert_whole()
