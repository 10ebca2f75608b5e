"""Replay protection: a signed mail with one more of any signed field on top verifies nowhere."""

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.postseal_config import Config, domain
from rig.verify import passed
from rig.world import milters, world

ALICE = "alice@test.example"
OUT = "someone@dest.example"

RICH = f"""\
From: Alice <{ALICE}>
Sender: {ALICE}
Reply-To: {ALICE}
To: {OUT}
Cc: other@dest.example
Subject: {{subject}}
Date: Sun, 22 Nov 2026 10:00:00 +0000
Message-ID: <{{subject}}@test.example>
In-Reply-To: <1@dest.example>
References: <0@dest.example>
 <1@dest.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit
Content-ID: <part@test.example>
Content-Description: a letter
Resent-From: {ALICE}
Resent-To: {OUT}
Resent-Date: Sun, 22 Nov 2026 10:00:01 +0000
Resent-Message-ID: <resent@test.example>
List-Id: <list.test.example>
List-Post: <mailto:list@test.example>
List-Unsubscribe: <mailto:leave@test.example>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Help: <mailto:help@test.example>
List-Subscribe: <mailto:join@test.example>
List-Owner: <mailto:owner@test.example>
List-Archive: <mailto:archive@test.example>

Hello.
"""

PLAIN = f"From: {ALICE}\nTo: {OUT}\nSubject: {{subject}}\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\nHello.\n"


@pytest.fixture(scope="module")
def here(place, keys):
    with world(place, Config(milters(place), [domain(DOMAIN, keys)])) as here:
        yield here


@pytest.mark.parametrize(("subject", "text"), [("rich", RICH), ("plain", PLAIN)], ids=["rich", "plain"])
def test_one_more_of_any_signed_field_breaks_it(here, verifiers, say, subject, text):
    message = mail.crlf(text.format(subject=subject).encode())
    assert smtp.submit(here.submission, ALICE, [OUT], message, ALICE).code == 250
    arrived = here.sink.wait_for_subject(subject).data
    signed = sorted({name for tags in mail.signatures(arrived) for name in tags["h"].lower().split(":")})
    assert {"from", "to", "subject", "date", "cc", "reply-to"} <= set(signed)
    forged = [_field(name) + arrived for name in signed]
    for verifier, algorithms in verifiers.all():
        intact, *results = verifier.check([arrived, *forged])
        for algorithm in algorithms:
            assert passed(intact, DOMAIN, algorithm), f"{verifier.name}: {algorithm}"
            accepted = [name for name, verdicts in zip(signed, results) if passed(verdicts, DOMAIN, algorithm)]
            assert accepted == [], f"{verifier.name} {algorithm} accepts one more of these"
    say(f"{subject}: one more of {len(signed)} signed fields, each fails everywhere: {' '.join(signed)}")


def _field(name: str) -> bytes:
    text = {"from": "Mallory <mallory@evil.example>", "date": "Mon, 23 Nov 2026 11:11:11 +0000"}.get(
        name, "<forged@evil.example>"
    )
    return f"{name.title()}: {text}\r\n".encode()
