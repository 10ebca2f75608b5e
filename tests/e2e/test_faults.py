"""Faults under load: no mail lost, doubled or unsigned; clients see 250 or 4xx only.

120 mails a second from 20 clients go through a real Postfix with `milter_default_action = tempfail` while the fault
happens again and again. POSTSEAL_FULL=1 does each 20 times or for a minute; without it a few times, in seconds.
"""

import os
import signal
import time
from collections.abc import Callable

import pytest

from conftest import DOMAIN
from rig.crowd import Crowd, numbered
from rig.fixtures import a_place
from rig.ledger import Balance, balance
from rig.place import Place, wait_for
from rig.postseal_config import Config, domain
from rig.world import World, milters, world

FULL = os.environ.get("POSTSEAL_FULL") == "1"
RATE = float(os.environ.get("POSTSEAL_RATE", 120))
CLIENTS = 20
ALICE = "alice@test.example"
BOTH = ("rsa-sha256", "ed25519-sha256")
RESTART_DELAY = 0.5  # what a service manager would wait


def times(short: int) -> int:
    return 20 if FULL else short


def load(here: World, verifiers, fault: Callable[[], None], say, name: str) -> Balance:
    """Runs `fault` under load, waits until the queue is empty, and checks what arrived."""
    crowd = Crowd(here.submission, ALICE, lambda seq: numbered(seq, ALICE), ["sink@dest.example"], RATE, CLIENTS)
    crowd.start()
    try:
        here.sink.wait(int(RATE))  # the load is on
        fault()
        time.sleep(1.0)
    finally:
        crowd.stop()
    here.postfix.wait_empty(120)
    result = balance(crowd, here.sink.arrivals, verifiers.dkimpy, BOTH, DOMAIN)
    say(f"{name}: {result}")
    result.assert_whole()
    return result


@pytest.fixture
def place(request):
    """A place for each test here: the daemon must be in a known state."""
    yield from a_place(request)


@pytest.fixture
def here(place, keys):
    with world(place, Config(milters(place), [domain(DOMAIN, keys)])) as here:
        yield here


def test_no_fault(here, verifiers, say):
    """The yardstick: nothing is tempfailed, and how far apart accepted mails are on this machine."""
    result = load(here, verifiers, lambda: time.sleep(60 if FULL else 3), say, "no fault")
    assert result.tempfailed == 0


def test_kill_and_restart(here, verifiers, say):
    delays = []

    def fault() -> None:
        for _ in range(times(3)):
            begin = time.monotonic()
            here.daemon.process.kill()
            time.sleep(RESTART_DELAY)
            delays.append(time.monotonic() - begin)
            here.daemon.start()
            time.sleep(1.5)

    result = load(here, verifiers, fault, say, f"kill -9 and restart after {RESTART_DELAY} s, {times(3)} times")
    if FULL:  # a figure for a machine that does nothing else
        assert result.longest_gap <= max(delays) + 0.3


def test_terminate_and_restart(here, verifiers, say):
    statuses = []

    def fault() -> None:
        for _ in range(times(3)):
            here.daemon.process.signal(signal.SIGTERM)
            statuses.append(here.daemon.process.wait(30))
            here.daemon.start()
            time.sleep(1.5)

    load(here, verifiers, fault, say, f"SIGTERM and restart, {times(3)} times")
    assert set(statuses) == {0}, "SIGTERM is a regular end"


def test_stop_for_five_seconds(here, verifiers, say):
    def fault() -> None:
        for _ in range(times(1)):
            here.daemon.process.signal(signal.SIGSTOP)
            time.sleep(5.0)
            here.daemon.process.signal(signal.SIGCONT)
            time.sleep(1.0)

    load(here, verifiers, fault, say, f"SIGSTOP for 5 s, {times(1)} times")


def test_reload_each_second(here, verifiers, say):
    good = here.daemon.config.toml()
    rounds = 60 if FULL else 6

    def fault() -> None:
        for number in range(rounds):
            broken = (good + "[dkim.nonsense]\n", good.replace("[dkim]", "[dkim"), good.replace(".pem", ".gone"))
            here.daemon.write(good if number % 2 else broken[number // 2 % 3])
            here.daemon.reload()
            time.sleep(1.0)

    result = load(here, verifiers, fault, say, f"SIGHUP each second, good and broken configuration, {rounds} times")
    assert result.tempfailed == 0, "a reload must not cost a mail"
    metrics = here.daemon.metrics()
    total = metrics.sum("postseal_config_reloads_total")
    assert total == rounds, f"{total:g} reloads were counted"


def half_and_back(files, after: Callable[[], None]) -> None:
    whole = {file: file.read_bytes() for file in files}
    for _ in range(times(3)):
        for file, text in whole.items():
            file.write_bytes(text[: len(text) // 2])
        after()
        for file, text in whole.items():
            file.write_bytes(text)
        after()


def test_half_a_key_file_and_reload(here, verifiers, say, keys):
    """The keys are named in the configuration and read at SIGHUP."""

    def reload() -> None:
        here.daemon.reload()
        time.sleep(1.0)

    result = load(
        here, verifiers, lambda: half_and_back([key.file for key in keys], reload), say, "half a key file, SIGHUP"
    )
    assert result.tempfailed == 0, "the old key stays"


def test_half_a_key_file_in_key_dir(place, keys, verifiers, say):
    """The keys are found in `key_dir`, which the daemon watches by itself."""
    folder = place.folder("key_dir/" + DOMAIN)
    files = [folder / f"{key.selector}.pem" for key in keys]
    for key, file in zip(keys, files):
        file.write_bytes(key.file.read_bytes())
        file.chmod(0o600)
    with world(place, Config(milters(place), dkim={"key_dir": folder.parent})) as here:
        result = load(
            here, verifiers, lambda: half_and_back(files, lambda: time.sleep(1.5)), say, "half a key file in key_dir"
        )
        assert result.tempfailed == 0, "the old key stays"


def test_socket_file_removed(place, keys, verifiers, say):
    back = []
    with world(place, Config(milters(place, unix=True), [domain(DOMAIN, keys)])) as here:
        socket = place.path / "sockets" / "submission"

        def fault() -> None:
            for _ in range(times(3)):
                socket.unlink()
                begin = time.monotonic()
                wait_for("the socket file", socket.exists, 5)
                back.append(time.monotonic() - begin)
                time.sleep(1.5)

        load(here, verifiers, fault, say, f"socket file removed, {times(3)} times")
        say(f"the socket file was back after {max(back):.2f} s at most")
        assert max(back) <= 1.0


def test_the_ledger_sees_a_signer_that_is_gone(here, verifiers, keys):
    """Negative control: with `milter_default_action = accept` the same kill lets unsigned mail out, and it is seen."""
    here.postfix.set(milter_default_action="accept")
    here.daemon.process.kill()
    crowd = Crowd(here.submission, ALICE, lambda seq: numbered(seq, ALICE), ["sink@dest.example"], 40, 4).start()
    here.sink.wait(20)
    crowd.stop()
    here.postfix.wait_empty()
    result = balance(crowd, here.sink.arrivals, verifiers.dkimpy, BOTH, DOMAIN)
    assert len(result.unsigned) == result.arrived >= 20
