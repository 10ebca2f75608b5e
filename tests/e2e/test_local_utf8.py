"""Local mail with raw UTF-8 in a header field, to a next hop with 8BITMIME and without SMTPUTF8.

Postfix marks such mail as SMTPUTF8 before any milter, unless `smtputf8_autodetect_classes` leaves out `sendmail`. The
set-ups in deploy/postfix leave it out.
"""

import re

import pytest

from conftest import DOMAIN
from rig import mail
from rig.place import ROOT, Place, wait_for
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sink import Sink
from rig.verify import passed

ALICE = "alice@test.example"
OUT = "someone@dest.example"
MESSAGE = mail.make(ALICE, OUT, "Sicherung f\u00fcr K\u00f6ln")


@pytest.mark.parametrize(("classes", "arrives"), [("sendmail, verify", False), ("verify", True)])
def test_the_setting_decides_whether_it_arrives(keys, verifiers, classes, arrives):
    milter = Milter("local", "local")
    config = Config([milter], [domain(DOMAIN, keys)], more="[header_checks]\n")
    settings = {"non_smtpd_milters": milter.address, "smtputf8_autodetect_classes": classes}
    with Place("utf8") as place, Sink(smtputf8=False) as sink, Postseal(place.folder("postseal"), config) as daemon:
        with Postfix(place.folder("postfix"), sink.port, [Listener("unused")], **settings) as postfix:
            postfix.sendmail(ALICE, [OUT], MESSAGE)
            wait_for("a delivery or a bounce", lambda: re.search(rf"to=<{OUT}>.* status=", postfix.log()))
            assert ("SMTPUTF8 is required" in postfix.log()) != arrives
            if arrives:
                data = sink.wait(1)[0].data
                assert b"Subject: Sicherung =?utf-8?Q?f=C3=BCr_K=C3=B6ln?=" in data
                assert passed(verifiers.dkimpy.check_one(data), DOMAIN, verifiers.RSA)
            assert "header_checks.smtputf8_autodetect" in daemon.messages(1)[0]["reasons"]


def test_the_set_ups_leave_it_out():
    for file in [*(ROOT / "deploy" / "postfix").glob("*/main.cf"), ROOT / "README.md"]:
        assert "smtputf8_autodetect_classes = verify\n" in file.read_text(), file
