"""Another milter that puts mail on hold, before and behind ours."""

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import Place, wait_for
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.quarantiner import Quarantiner
from rig.sink import Sink
from rig.verify import passed

ALICE = "alice@test.example"
OUT = "someone@dest.example"


@pytest.mark.parametrize("ours_first", [True, False])
def test_quirk_24_quarantine_by_another_filter(keys, verifiers, ours_first):
    """After a quarantine Postfix asks no further milter: what is released from hold is signed only if we came first."""
    milter = Milter("submission")
    config = Config([milter], [domain(DOMAIN, keys)])
    with Place("hold") as place, Sink() as sink, Quarantiner() as other, Postseal(place.folder("postseal"), config):
        order = [milter.address, other.milter] if ours_first else [other.milter, milter.address]
        listener = Listener("submission", ", ".join(order), sasl=True)
        with Postfix(place.folder("postfix"), sink.port, [listener]) as postfix:
            message = mail.make(ALICE, OUT, "held")
            assert smtp.submit(listener.port, ALICE, [OUT], message, ALICE).code == 250
            wait_for("a message on hold", postfix.held)
            assert not sink.arrivals
            postfix.release()
            arrived = sink.wait_for_subject("held").data
    assert passed(verifiers.dkimpy.check_one(arrived), DOMAIN, verifiers.RSA) == ours_first
