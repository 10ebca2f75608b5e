"""What Postfix alters after every milter, which breaks any signature, and how to keep it from doing so.

Nothing that a milter could prevent. These tests hold the documentation to the truth, and say why the corpus test leaves
such messages out.
"""

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import Place
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sink import Sink
from rig.verify import passed

ALICE = "alice@test.example"
OUT = "someone@dest.example"


def deliver(keys, message: bytes, subject: str, eight_bit: bool = True, **settings: str) -> bytes:
    """The message as it arrives, signed by the daemon and sent by a Postfix with these settings."""
    milter = Milter("submission")
    config = Config([milter], [domain(DOMAIN, keys)])
    with Place("altered") as place, Sink(eight_bit=eight_bit) as sink, Postseal(place.folder("postseal"), config):
        listener = Listener("submission", milter.address, sasl=True)
        with Postfix(place.folder("postfix"), sink.port, [listener], **settings) as postfix:
            assert smtp.submit(postfix.port("submission"), ALICE, [OUT], message, ALICE).code == 250
            return sink.wait_for_subject(subject).data


def holds(verifiers, arrived: bytes) -> bool:
    """Both signatures are there, and dkimpy's verdict on both is the same."""
    assert len(mail.signatures(arrived)) == 2
    verdicts = verifiers.dkimpy.check_one(arrived)
    (result,) = {passed(verdicts, DOMAIN, algorithm) for algorithm in (verifiers.RSA, verifiers.ED25519)}
    return result


@pytest.mark.parametrize(("setting", "survives"), [("no", False), ("yes", True)])
def test_quirk_14_next_hop_without_8bitmime(keys, verifiers, setting, survives):
    """Postfix makes quoted-printable of an 8-bit body unless `disable_mime_output_conversion = yes`."""
    encoding = "Content-Transfer-Encoding: 8bit"
    message = mail.make(ALICE, OUT, "umlauts", "Gr\u00fc\u00dfe aus K\u00f6ln\n", encoding)
    message = message.replace(b"us-ascii", b"utf-8")
    arrived = deliver(keys, message, "umlauts", eight_bit=False, disable_mime_output_conversion=setting)
    assert (b"Gr\xc3\xbc" in arrived) == survives
    assert holds(verifiers, arrived) == survives


@pytest.mark.parametrize("named", ["7bit", "8bit", "binary", "quoted-printable", None])
def test_a_body_of_ascii_survives_whatever_its_encoding_is_named(keys, verifiers, named):
    """Postfix names quoted-printable what was named 8bit, so that name is not signed; every other is."""
    extra = [f"Content-Transfer-Encoding: {named}"] if named else []
    arrived = deliver(keys, mail.make(ALICE, OUT, "plain", "Hello.\n", *extra), "plain", eight_bit=False)
    assert holds(verifiers, arrived)
    changed = named in ("8bit", "binary")
    assert (mail.value(arrived, b"Content-Transfer-Encoding") == b"quoted-printable") == (changed or named == "quoted-printable")
    forged = b"Content-Transfer-Encoding: base64\r\n" + arrived
    assert holds(verifiers, forged) == changed


@pytest.mark.parametrize("part", [False, True], ids=["unnamed", "named in a part"])
def test_an_encoding_that_nothing_names_stays_unnamed(keys, verifiers, part):
    """Postfix adds no field to the header section of the message, so the absence of one can be signed."""
    message = mail.make(ALICE, OUT, "unnamed", "Hello.\n")
    if part:
        message = message.replace(b"text/plain; charset=us-ascii", b"multipart/mixed; boundary=b")
        body = b"--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello.\r\n--b--\r\n"
        message = mail.split(message)[0] + b"\r\n" + body
    arrived = deliver(keys, message, "unnamed", eight_bit=False)
    assert mail.value(arrived, b"Content-Transfer-Encoding") is None
    assert holds(verifiers, arrived) == (mail.split(arrived)[1] == mail.split(message)[1])


@pytest.mark.parametrize(("limit", "survives"), [("998", False), ("0", True)])
def test_quirk_15_lines_over_998_bytes(keys, verifiers, limit, survives):
    """Postfix breaks them, in the header section and in the body, unless `smtp_line_length_limit = 0`."""
    message = mail.make(ALICE, OUT, "long line", "x" * 1200 + "\n")
    arrived = deliver(keys, message, "long line", smtp_line_length_limit=limit)
    assert (b"x" * 1200 in arrived) == survives
    assert holds(verifiers, arrived) == survives
