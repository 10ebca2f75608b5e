"""A TLS client certificate instead of a login: who shows one that the MTA trusts may use what its entry says."""

from collections.abc import Callable, Iterator

import pytest

from rig import mail
from rig.certificates import Authority, Certificate
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.senders import OUT, message
from rig.sink import Sink
from rig.smtp import Client, Reply

SHOP = "shop@test.example"
OWNERS = """
[sender]
own_address = false
[[sender.owner]]
certificate = "web1.test.example"
may_use = ["shop@test.example"]
[[sender.owner]]
fingerprint = "{fingerprint}"
may_use = ["@printed.test.example"]
"""
Send = Callable[[Certificate | None, str], Reply]


@pytest.fixture(scope="module")
def authority(place) -> Authority:
    return Authority(place.folder("certificates"))


@pytest.fixture(scope="module")
def trusted(authority) -> Certificate:
    return authority.certificate("web1.test.example")


@pytest.fixture(scope="module")
def printed(authority) -> Certificate:
    """Known by its fingerprint alone."""
    return authority.self_signed("printer.test.example")


@pytest.fixture(scope="module")
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def send(place, keys, authority, printed, sink) -> Iterator[Send]:
    """Sends a message whose envelope and From are the same."""
    milter, server = Milter("submission"), authority.certificate("mail.test.example")
    more = OWNERS.format(fingerprint=printed.fingerprint("md5"))
    config = Config([milter], [domain("test.example", keys)], origin={"networks": ["127.0.0.0/8"]}, more=more)
    port = Listener("submission", milter.address, options=postfix_tls(authority, server))
    with Postseal(place.folder("postseal"), config), Postfix(place.folder("postfix"), sink.port, [port]):

        def send(shown: Certificate | None, sender: str) -> Reply:
            with Client(port.port, tls=shown and shown.context()) as client:
                return client.send(sender, [OUT], message(f"From: {sender}", f"by {sender}"))

        yield send


def postfix_tls(authority: Authority, server: Certificate) -> dict[str, str]:
    return {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": str(server.file),
        "smtpd_tls_key_file": str(server.key),
        "smtpd_tls_CAfile": str(authority.own.file),
        "smtpd_tls_ask_ccert": "yes",
    }


def test_a_trusted_certificate_may_use_its_addresses_and_no_others(send, sink, trusted):
    reply = send(trusted, SHOP)
    assert reply.code == 250, reply
    arrival = sink.wait_for_subject(f"by {SHOP}")
    assert [tags["d"] for tags in mail.signatures(arrival.data)] == ["test.example"] * 2

    reply = send(trusted, "boss@test.example")
    assert (reply.code, reply.step) == (550, "MAIL"), reply
    assert "not allowed for certificate web1.test.example" in reply.text


def test_other_certificates_give_no_right(send, authority):
    another = authority.certificate("web2.test.example")
    pretended = authority.self_signed("web1.test.example")
    for shown in (another, pretended, None):
        reply = send(shown, SHOP)
        assert (reply.code, reply.step) == (550, "MAIL"), (shown, reply)


def test_postfix_tells_no_fingerprint(send, printed):
    """So an entry by fingerprint admits nobody there."""
    assert send(printed, "a@printed.test.example").code == 550
