"""Keys and signing domains as services with many customers have them, through Postfix, judged by other verifiers."""

import base64

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.keys import Key, make_key, make_pair, openssl
from rig.place import Place
from rig.postseal_config import Config, domain
from rig.verify import DkimPy
from rig.world import milters, world

HOSTED = ["one.example", "two.example", "three.example"]
CUSTOMER, SERVICE, RAW = "customer.example", "esp.example", "raw.example"


def raw_key(place: Place) -> Key:
    """An Ed25519 key whose file is only base64, as dknewkey writes it."""
    key = make_key(place.folder("raw"), RAW, "raw", "ed25519")
    seed = openssl("pkey", "-in", key.file, "-outform", "DER")[-32:]
    key.file.write_bytes(base64.b64encode(seed))
    return key


@pytest.fixture(scope="module")
def here(place):
    folder = place.folder("keys")
    mail_key = make_key(folder, "any.example", "mail")
    customer, service, raw = make_pair(folder, CUSTOMER, "c"), make_pair(folder, SERVICE, "e"), raw_key(place)
    entries = [domain("*", [mail_key]), domain(CUSTOMER, customer), domain(CUSTOMER, service, SERVICE), domain(RAW, [raw])]
    with world(place, Config(milters(place), entries)) as here:
        records = {key.name: key.record for key in [*customer, *service, raw]}
        records |= {f"mail._domainkey.{name}": mail_key.record for name in HOSTED}
        here.verifier = DkimPy(records)
        yield here


def signatures(here, sender: str) -> list[tuple[str, str]]:
    """Domain and selector of each signature of a mail; all of them verify."""
    subject = sender.replace("@", " at ")
    text = f"From: {sender}\nTo: you@dest.example\nSubject: {subject}\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\nHello.\n"
    user = f"alice@{DOMAIN}"
    assert smtp.submit(here.submission, sender, ["you@dest.example"], mail.crlf(text.encode()), user).code == 250
    verdicts = here.verifier.check_one(here.sink.wait_for_subject(subject).data)
    assert all(verdict.passed for verdict in verdicts), [str(verdict) for verdict in verdicts]
    return [(verdict.domain, verdict.selector) for verdict in verdicts]


@pytest.mark.parametrize("name", HOSTED)
def test_one_key_signs_as_the_domain_in_from(here, name):
    assert signatures(here, f"a@{name}") == [(name, "mail")]


def test_customer_and_service_both_sign(here):
    expected = [(CUSTOMER, "crsa"), (CUSTOMER, "ced"), (SERVICE, "ersa"), (SERVICE, "eed")]
    assert signatures(here, f"a@{CUSTOMER}") == expected


def test_a_key_in_base64_alone_signs(here):
    assert signatures(here, f"a@{RAW}") == [(RAW, "raw")]
