"""The checks behind Sendmail, which passes on what Postfix mends, and adds fields of its own after every milter."""

from dataclasses import dataclass, replace

import pytest

from conftest import DOMAIN
from header_cases import CASES
from rig import mail
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.posting import Posted, post
from rig.sendmail import Sendmail
from rig.sink import Sink
from rig.verify import passed

ALICE = "alice@test.example"
# The mailer esmtp cuts lines at 990 octets; Postfix breaks those over 998.
SHORTER = {b"x" * (998 - len("Keywords: ")): b"x" * (990 - len("Keywords: ")), b"x" * 998: b"x" * 990}


def _shorter(message: bytes) -> bytes:
    for long, short in SHORTER.items():
        if b" " + long + b"\r" in message or b"\n" + long + b"\r" in message:
            message = message.replace(long, short)
    return message


# Sendmail refuses more than 32 KiB of header fields itself, and drops lone CRs.
NOT_HERE = {"oversized_header", "nul_or_bare_cr_lf"}
HERE = [replace(case, near=_shorter(case.near)) for case in CASES if case.check not in NOT_HERE]


@dataclass
class Here:
    """What `post` needs of a world."""

    daemon: Postseal
    postfix: Sendmail
    sink: Sink

    @property
    def submission(self) -> int:
        return self.postfix.port


@pytest.fixture(scope="module")
def posted(place, keys) -> dict[str, tuple[Posted, Posted]]:
    """For each check what was broken, and the near miss."""
    milter = Milter("sendmail", "submission")
    log = {"format": "json", "level": "info", "addresses": True}
    domains = [domain("*", keys, signing_domain=DOMAIN)]
    config = Config([milter], domains, origin={"networks": ["127.0.0.0/8"]}, log=log, more="[header_checks]\n")
    with Postseal(place.folder("postseal"), config) as daemon, Sink() as sink:
        with Sendmail(place.folder("sendmail"), sink.port, milter.for_sendmail) as sendmail:
            here = Here(daemon, sendmail, sink)
            found = post(here, [octets for case in HERE for octets in (case.broken, case.near)], ALICE, login=False)
    return {case.check: (found[2 * at], found[2 * at + 1]) for at, case in enumerate(HERE)}


@pytest.mark.parametrize("case", HERE, ids=lambda case: case.check)
def test_found_and_treated_as_behind_postfix(case, posted, verifiers):
    broken, near = posted[case.check]
    assert case.check in broken.found and case.check not in near.found
    assert broken.rejected == (case.action == "reject")
    assert (case.check in broken.fixed) == (case.action == "fix") and case.check not in near.fixed
    if broken.arrival:
        for name in (b"Date", b"Message-ID"):
            assert len(mail.values(broken.arrival.data, name)) == 1, "ours and Sendmail's"
        # Sendmail closes it after us.
        if case.check != "unclosed_multipart":
            assert passed(verifiers.dkimpy.check_one(broken.arrival.data), DOMAIN, verifiers.RSA)


def test_sendmail_closes_a_multipart_after_all_milters(posted, verifiers):
    """Which breaks any signature, so the check tells of it."""
    broken, near = posted["unclosed_multipart"]
    assert mail.split(broken.arrived)[1] == mail.split(broken.sent)[1] + b"--=_b--\r\n"
    assert not passed(verifiers.dkimpy.check_one(broken.arrival.data), DOMAIN, verifiers.RSA)
    assert passed(verifiers.dkimpy.check_one(near.arrival.data), DOMAIN, verifiers.RSA)
