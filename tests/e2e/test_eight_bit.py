"""A next hop without 8BITMIME: Postfix re-encodes the body after every milter, which breaks any signature.

Nothing that a milter could do; `disable_mime_output_conversion = yes` is the way out, and this shows that it is.
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


@pytest.mark.parametrize(("setting", "holds"), [("no", False), ("yes", True)])
def test_next_hop_without_8bitmime(keys, verifiers, setting, holds):
    encoding = "Content-Transfer-Encoding: 8bit"
    message = mail.make(ALICE, OUT, "umlauts", "Gr\u00fc\u00dfe aus K\u00f6ln\n", encoding).replace(
        b"us-ascii", b"utf-8"
    )
    milter = Milter("submission")
    config = Config([milter], [domain(DOMAIN, keys)])
    with Place("8bit") as place, Sink(eight_bit=False) as sink, Postseal(place.folder("postseal"), config):
        listener = Listener("submission", milter.address, sasl=True)
        options = {"disable_mime_output_conversion": setting}
        with Postfix(place.folder("postfix"), sink.port, [listener], **options) as postfix:
            assert smtp.submit(postfix.port("submission"), ALICE, [OUT], message, ALICE).code == 250
            arrived = sink.wait_for_subject("umlauts").data
    assert len(mail.signatures(arrived)) == 2
    for algorithm in (verifiers.RSA, verifiers.ED25519):
        assert passed(verifiers.dkimpy.check_one(arrived), DOMAIN, algorithm) == holds
