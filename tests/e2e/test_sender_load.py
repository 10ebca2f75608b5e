"""Messages of 1 MB that are addresses and nothing else: what they cost in memory, and how long other mail waits."""

import threading
import time
from pathlib import Path

import pytest

from conftest import DOMAIN
from rig.mta import FIELDS, Mta
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain

AT_ONCE = 8
MAX_MIB_PER_MAIL = 20  # per MB
MAX_WAIT_SECONDS = 0.05  # per MB
RULE = '\n[[sender.rewrite]]\nmatch = "*@victim.example"\nto = "alice@test.example"\n'
BARE = ",".join(["a"] * 990).encode()
FOREIGN = ", ".join(f"u{at}@victim.example" for at in range(750)).encode()
LOADS = {
    "500 Reply-To of 990 bare names": [(b"Reply-To", b" " + BARE)] * 500,
    "60 From of 750 addresses that a rule is for": [(b"From", b" " + FOREIGN)] * 60,
    "9000 empty Reply-To": [(b"Reply-To", b" ")] * 9000,
    "900 Reply-To of one bare name": [(b"Reply-To", b" a")] * 900,
    "one From of half a million dots": [(b"From", b" " + b"a." * 450_000)],
    "one Reply-To of half a million comments": [(b"Reply-To", b" " + b"()" * 450_000)],
}


@pytest.fixture(scope="module")
def daemon(place, keys):
    more = '\n[sender]\ndefault_domain = "host.test.example"\n[[sender.owner]]\nuser = "*"\nmay_use = ["*"]\n' + RULE
    config = Config([Milter("submission")], [domain(DOMAIN, keys)], more=more)
    with Postseal(place.folder("postseal"), config) as daemon:
        yield daemon


def peak(daemon) -> float:
    """The highest resident set so far, in MiB."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.mark.parametrize("name", LOADS)
def test_addresses_and_nothing_else(daemon, say, name):
    port = daemon.config.milters[0].port
    fields = LOADS[name] + FIELDS[1:]
    size = sum(len(name) + len(value) for name, value in fields) / 1e6
    before = peak(daemon)
    ready = threading.Barrier(AT_ONCE + 1)

    def one() -> None:
        with Mta(port, timeout=60) as mta:
            mta.negotiate()
            mta.hello()
            mta.envelope()
            mta.content([b"Hello.\r\n"], fields)
            ready.wait()
            mta.finish()

    threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    with Mta(port) as mta:
        mta.negotiate()
        mta.hello()
        ready.wait()
        waits = []
        while any(thread.is_alive() for thread in threads) or len(waits) < 3:
            start = time.monotonic()
            assert mta.message().final == b"a"
            waits.append(time.monotonic() - start)
    grown = (peak(daemon) - before) / AT_ONCE
    say(f"{name}: {size:.2f} MB each, {AT_ONCE} at once: {grown:.1f} MiB each, other mail waits {max(waits) * 1000:.0f} ms")
    assert grown <= MAX_MIB_PER_MAIL * max(size, 0.5)
    assert max(waits) <= MAX_WAIT_SECONDS * AT_ONCE * max(size, 0.5)
