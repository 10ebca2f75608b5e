"""Several postseals count in one Redis Cluster: exactly while it is well, and no mail suffers while it is not.

postseal-bench plays Postfix for many users. While the cluster is well, what is accepted of each user equals the limit.
While a server is dead, cut off, slow, full or out of its mind, no mail is tempfailed, and of no user more is accepted
than the limit in Redis and once more in each postseal. POSTSEAL_FULL=1 sends 100,000 messages of 1,000 users.
"""

import os
import subprocess
import time
from contextlib import ExitStack

import pytest

from rig.load import Load, Loaded
from rig.place import HOST, wait_for
from rig.postseal import Postseal, binary
from rig.postseal_config import Config, Milter
from rig.redis import Cluster, Redis

FULL = os.environ.get("POSTSEAL_FULL") == "1"
USERS = 1000 if FULL else 100
MESSAGES = 100_000 if FULL else 3_000
LIMIT = 20
# Of every user the same is counted twice, and of the client, who is one for all: that is another slot.
RULES = f"""
[[rate_limit]]
name = "per-user"
key = ["user"]
count = "messages"
limit = ["{LIMIT}/1h", "1000/1d"]
action = "reject"

[[rate_limit]]
name = "recipients"
key = ["user"]
count = "recipients"
limit = "100/1h"
action = "reject"

[[rate_limit]]
name = "client"
key = ["client"]
count = "messages"
limit = "10000000/1h"
action = "reject"
"""


@pytest.fixture(scope="module")
def cluster(place):
    with Cluster(place.folder("redis")) as cluster:
        yield cluster


def start(stack: ExitStack, place, url: str, count: int, prefix: str, timeout: str) -> list[Postseal]:
    more = f'[store]\nurl = "{url}"\nprefix = "{prefix}:"\ntimeout = "{timeout}"\n{RULES}'
    configs = [Config([Milter("submission")], dkim=None, more=more) for _ in range(count)]
    daemons = [Postseal(place.folder(f"{prefix}-{number}"), config) for number, config in enumerate(configs)]
    return [stack.enter_context(daemon) for daemon in daemons]


def addresses(daemons: list[Postseal]) -> list[str]:
    return [daemon.milter("submission") for daemon in daemons]


@pytest.mark.parametrize("count", [2, 5] if FULL else [3])
def test_postseals_share_limits_exactly(place, cluster, say, count):
    with ExitStack() as stack:
        # so patient that a busy machine is not taken for a sick cluster
        daemons = start(stack, place, cluster.url, count, f"exact{count}", "8s")
        load = Load(addresses(daemons), messages=MESSAGES, users=USERS, connections=4 * count, messages_per_connection=5)
        loaded = load.start().wait()
        rate = loaded.report["messages_per_s"]
        say(f"{count} postseals, {MESSAGES} messages of {USERS} users: {loaded.accepted} accepted, {rate:.0f}/s")
        assert loaded.by_users == {LIMIT: USERS}
        assert loaded.tempfailed == 0
        assert sum(daemon.metrics().sum("postseal_store_errors_total") for daemon in daemons) == 0


def kill_a_master(cluster):
    victim = cluster.masters()[0]
    victim.process.kill()
    return victim


def full(cluster):
    for node in cluster.nodes:
        node.cli("config", "set", "maxmemory", "1")


def heal(cluster, victim):
    cluster.proxy.order("pass")
    if victim is not None:
        victim.start()
    for node in cluster.nodes:
        node.cli("config", "set", "maxmemory", "0")
        wait_for("cluster is well", lambda node=node: "cluster_state:ok" in node.cli("cluster", "info"), 30)


FAULTS = {
    "master killed": kill_a_master,
    "network cut": lambda cluster: cluster.proxy.order("cut"),
    "black hole": lambda cluster: cluster.proxy.order("hole"),
    "5 s latency": lambda cluster: cluster.proxy.order("latency 5"),
    "garbage": lambda cluster: cluster.proxy.order("garbage"),
    "full": full,
}
INSTANCES = 2
# Enough of each user to go far beyond the limit.
USERS_AT_ONCE, RATE, SECONDS = (60, 200, 30) if FULL else (10, 150, 3)
CONNECTIONS = {"connections": 20, "messages_per_connection": 5}


@pytest.fixture(scope="module")
def daemons(place, cluster):
    with ExitStack() as stack:
        yield start(stack, place, cluster.url, INSTANCES, "faults", "50ms")


@pytest.fixture(scope="module")
def healthy(daemons) -> Loaded:
    """The same load when nothing is wrong: what this machine does to mail by itself."""
    return Load(addresses(daemons), messages=RATE * 20, users=USERS_AT_ONCE, rate=RATE, **CONNECTIONS).start().wait()


def breakers(daemons) -> float:
    return sum(daemon.metrics().sum("postseal_store_breakers_open") for daemon in daemons)


def errors(daemons, **labels) -> float:
    return sum(daemon.metrics().sum("postseal_store_errors_total", **labels) for daemon in daemons)


# The quick run leaves out what goes the same way as another.
@pytest.mark.parametrize("name", FAULTS if FULL else ["master killed", "black hole", "garbage", "full"])
def test_no_mail_suffers_from(name, cluster, daemons, say, request):
    number = list(FAULTS).index(name)
    users, rate, seconds = USERS_AT_ONCE, RATE, SECONDS
    healthy = request.getfixturevalue("healthy") if FULL else None
    wait_for("breakers are closed", lambda: breakers(daemons) == 0, 30)
    before = errors(daemons), errors(daemons, kind="breaker_open")
    load = Load(
        addresses(daemons), messages=rate * seconds, users=users, first_user=10_000 * (number + 1), rate=rate,
        **CONNECTIONS,
    ).start()  # fmt: skip
    time.sleep(seconds / 3)
    victim = FAULTS[name](cluster)
    time.sleep(seconds / 3)
    heal(cluster, victim)
    loaded = load.wait()
    failed = errors(daemons) - before[0]
    spared = errors(daemons, kind="breaker_open") - before[1]
    most = max(loaded.by_users)
    say(
        f"{name}: {loaded.accepted} of {rate * seconds} accepted, at most {most} of a user (limit {LIMIT}); "
        f"{failed:.0f} decisions without Redis, {spared:.0f} of them without asking; {loaded.times()}; "
        f"{loaded.slower_than(60)} mails of 60 ms and more"
    )
    assert loaded.tempfailed == 0, loaded.report["replies"]
    assert failed > 0, "the fault was not noticed"
    assert most <= LIMIT * (1 + INSTANCES)
    assert min(loaded.by_users) >= min(LIMIT, rate * seconds // users), "a limiter in the way"
    # Whoever asked in vain did so at the same time as others, or as a trial; nobody after the breaker was open.
    assert failed - spared <= 20 * len(cluster.nodes) * 4
    wait_for("breakers close again", lambda: breakers(daemons) == 0, 30)
    if healthy:
        say(f"  without a fault: {healthy.times()}; {healthy.slower_than(60)} mails of 60 ms and more")
        assert loaded.report["whole_us"]["max"] <= 60_000 + healthy.report["whole_us"]["max"], "60 ms on top"


def test_the_command_tells_that_the_store_is_away(place):
    """Blocks hold all the same, and what is blocked meanwhile is blocked here."""
    with Redis(place.folder("away")) as redis:
        more = f'[store]\nurl = "redis://{HOST}:{redis.port}"\n{RULES}'
        config = Config([Milter("submission")], dkim=None, more=more)
        with Postseal(place.folder("told"), config) as daemon:
            daemon.stop()
            daemon.write(config.toml().replace("[admin]\n", '[admin]\nsocket = "admin.sock"\n'))
            daemon.start()

            def limits(*arguments: str, code: int = 0) -> str:
                command = [binary(), "limits", *arguments, "--config", daemon.file]
                done = subprocess.run(command, capture_output=True, text=True, timeout=60)
                assert done.returncode == code, done
                return done.stdout + done.stderr

            assert limits("block", "per-user:thief") == "blocked per-user:thief\n"
            redis.stop()
            assert limits("list", code=1).startswith("the store: "), "not an empty list"
            assert limits("show", "per-user:thief", code=1).startswith("the store: ")
            assert "in this service alone" in limits("block", "per-user:other", code=1)
            lines = Load([daemon.milter("submission")], messages=3, users=1, connections=1).start().wait()
            assert lines.accepted == 3, "mail goes on"
