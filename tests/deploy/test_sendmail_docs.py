"""The hookups of deploy/sendmail on a real Sendmail (the rig takes them from there)."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from rig import mail, smtp
from rig.keys import make_pair
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sendmail import Sendmail
from rig.sink import Sink
from rig.verify import DkimPy, passed

DOMAIN = "test.example"


@pytest.fixture
def run_folder():
    """A folder like /run/postseal: of another user than root. Sendmail takes no socket below /tmp."""
    with tempfile.TemporaryDirectory(prefix="postseal-", dir="/run") as name:
        os.chmod(name, 0o755)
        shutil.chown(name, "opendkim")
        yield Path(name)


@pytest.mark.parametrize("hookup", ["postseal.m4", "unix-socket.m4"])
def test_mail_of_this_machine_is_signed(place, run_folder, hookup):
    """It comes by SMTP from loopback, which is in [origin] networks by default."""
    keys = make_pair(place.folder(f"{hookup}/keys"), DOMAIN)
    socket = run_folder / "submission.sock" if hookup == "unix-socket.m4" else None
    milter = Milter("submission", socket=socket)
    config = Config([milter], [domain(DOMAIN, keys)], origin={})
    with Postseal(place.folder(f"{hookup}/postseal"), config) as daemon, Sink() as sink:
        with Sendmail(place.folder(f"{hookup}/sendmail"), sink.port, milter.for_sendmail) as sendmail:
            assert f"S={milter.for_sendmail}, F=T" in (sendmail.folder / "sendmail.mc").read_text()
            sender, to = f"cron@{DOMAIN}", "you@dest.example"
            assert smtp.submit(sendmail.port, sender, [to], mail.make(sender, to, "hookup")).code == 250
            verdicts = DkimPy.for_keys(keys).check_one(sink.wait_for_subject("hookup").data)
            assert passed(verdicts, DOMAIN, "rsa-sha256") and passed(verdicts, DOMAIN, "ed25519-sha256")
            assert daemon.messages(1)
            daemon.stop()
            reply = smtp.submit(sendmail.port, sender, [to], mail.make(sender, to, "F=T"))
            assert reply.code // 100 == 4, "while postseal is down, clients wait"
