"""A thousand real messages through submission, Postfix and postseal: what arrives verifies, all of it.

The exception is what Postfix itself alters after every milter, lines over 998 bytes: counted, named, and the only one.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import DOMAIN
from rig import corpus, mail, smtp
from rig.postseal_config import Config, domain
from rig.verify import passed
from rig.world import milters, world

COUNT = int(os.environ.get("POSTSEAL_CORPUS", 1_000))
CLIENTS = 8
ALICE = "alice@test.example"
OUT = "someone@dest.example"


@pytest.fixture(scope="module")
def here(place, keys):
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)])
    with world(place, config) as here:
        yield here


def send_all(port: int, messages: list[corpus.Message]) -> list[smtp.Reply]:
    """Replies in the order of `messages`; X-Seq is the index, so that arrivals can be told apart."""

    def send(part: range) -> list[tuple[int, smtp.Reply]]:
        with smtp.Client(port, ALICE) as client:
            return [(at, client.send(ALICE, [OUT], b"X-Seq: %d\r\n%s" % (at, messages[at].data))) for at in part]

    with ThreadPoolExecutor(CLIENTS) as pool:
        parts = pool.map(send, (range(first, len(messages), CLIENTS) for first in range(CLIENTS)))
        return [reply for _, reply in sorted((pair for part in parts for pair in part), key=lambda pair: pair[0])]


def test_all_real_mail_verifies(here, verifiers, say):
    messages = corpus.sample(COUNT)
    replies = send_all(here.submission, messages)
    assert [f"{one.name}: {reply}" for one, reply in zip(messages, replies) if reply.code != 250] == []
    here.postfix.wait_empty(120)
    arrivals = sorted(here.sink.arrivals, key=lambda one: int(one.value("X-Seq")))
    assert [int(one.value("X-Seq")) for one in arrivals] == list(range(COUNT)), "lost or doubled"

    reasons = {line["queue_id"]: line["reasons"] for line in here.daemon.messages(COUNT)}
    unsigned = {
        at: reasons.get(replies[at].queue_id) for at, one in enumerate(arrivals) if not mail.signatures(one.data)
    }
    assert all(unsigned.values()), f"unsigned without a reason: {unsigned}"
    altered = [at for at, one in enumerate(messages) if one.altered_by_postfix]
    expected = [at for at in range(COUNT) if at not in unsigned and at not in altered]

    say(f"{COUNT} messages, {len(expected)} must verify")
    say(f"{len(altered)} altered by Postfix, {len(unsigned)} not signed by policy")
    for at in altered:
        say(f"altered by Postfix: {messages[at].name} (a line of {messages[at].longest_line} bytes)")
    for at, why in unsigned.items():
        say(f"not signed: {messages[at].name} ({', '.join(why)})")
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([one.data for one in arrivals])
        for algorithm in algorithms:
            good = {at for at in range(COUNT) if passed(verdicts[at], DOMAIN, algorithm)}
            bad = [f"{messages[at].name}: {'; '.join(map(str, verdicts[at]))}" for at in expected if at not in good]
            say(f"{verifier.name} {algorithm}: {len(good & set(expected))} of {len(expected)} verify")
            assert bad == [], f"{verifier.name} {algorithm}"
