"""Counters through restarts, kills, reloads and damaged files; seen and changed from outside."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from rig.limited import ALICE, BOB, Limited, toml
from rig.place import wait_for
from rig.postseal import Postseal, binary
from rig.postseal_config import Milter


@pytest.fixture(scope="module")
def here(place):
    with Limited(place) as here:
        yield here


@pytest.fixture(autouse=True)
def afresh(here):
    yield
    here.forget()


def test_a_restart_keeps_everything(here):
    here.start()
    assert here.send(4) == 4
    here.daemon.stop()
    here.start()
    assert here.send(10) == 6


def on_disk(here, folder) -> int:
    """What a daemon would find after a crash now: a second one is asked, which reads a copy of the file."""
    original, milter = here.state, here.milter
    try:
        here.state, here.milter = folder / "state.redb", Milter("submission")
        shutil.copy(original, here.state)
        config = here.config("10/1h")
    finally:
        here.state, here.milter = original, milter
    reader = Postseal(folder, config)
    reader.write(toml(config))
    with reader:
        command = [binary(), "limits", "show", ALICE, "--json", "--config", reader.file]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=20)
    keys = json.loads(shown.stdout)["keys"] if shown.returncode == 0 else []
    return keys[0]["limits"][0]["used"] if keys else 0


def test_a_kill_loses_the_last_second_at_most(here, place):
    here.start()
    assert here.send(4) == 4
    folder = place.folder("reader")
    wait_for("four messages in the file", lambda: on_disk(here, folder) == 4)
    here.daemon.process.signal(signal.SIGKILL)
    here.daemon.process.wait()
    here.start()
    assert here.used() == 4
    assert here.send(10) == 6


def test_a_reload_keeps_counters_and_changes_limits(here):
    here.start("5/1h")
    assert here.send(7) == 5
    for limit, more in (("8/1h", 3), ("2/1h", 0), ("10/1h", 2), ("3/2h", 3)):
        here.daemon.write(toml(here.config(limit)))
        before = here.daemon.metrics().sum("postseal_config_reloads_total", outcome="success")
        here.daemon.reload()
        wait_for("the reload", lambda: here.daemon.metrics().sum("postseal_config_reloads_total", outcome="success") > before)
        assert here.send(5) == more, limit


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "text"])
def test_a_damaged_file_is_set_aside(here, damage):
    here.start()
    assert here.send(4) == 4
    here.daemon.stop()
    good = here.state.read_bytes()
    bad = {"truncated": good[: len(good) // 2], "overwritten": good[:100] + os.urandom(len(good) - 100), "text": b"hello\n"}
    here.state.write_bytes(bad[damage])
    here.start()
    assert here.send(12) == 10
    wait_for("the warning", lambda: any("set aside as" in warning for warning in here.warnings()))
    assert list(here.folder.glob("state.redb.damaged-*"))


def test_no_place_for_the_file_is_no_reason_not_to_start(here):
    here.state = here.folder / "nowhere" / "state.redb"
    try:
        here.start()
        assert here.send(12) == 10
        wait_for("the warning", lambda: any("a restart forgets them" in warning for warning in here.warnings()))
    finally:
        here.state = here.folder / "state.redb"


def test_a_reload_that_moves_the_store_says_that_it_needs_a_restart(here):
    here.start()
    assert here.send(4) == 4
    here.daemon.write(toml(here.config("10/1h")).replace(str(here.state), str(here.folder / "other.redb")))
    here.daemon.reload()
    wait_for("a warning", lambda: any(line.get("event") == "restart_needed" for line in here.daemon.lines()))
    assert here.send(8) == 6


def test_limits_are_seen_and_changed(here):
    here.start("5/1h")
    assert here.limits("list") == "KEY        USED       LIMIT      IN  BLOCKED\n"
    assert here.send(7) == 5 and here.send(2, BOB) == 2
    lines = [line.split() for line in here.limits("list").splitlines()]
    assert lines[1:] == [[f"messages:{ALICE}", "5", "5", "1h", "-"], [f"messages:{BOB}", "2", "5", "1h", "-"]]
    assert here.limits("reset", ALICE) == f"reset messages:{ALICE}\n"
    assert here.send(7) == 5
    assert here.limits("block", f"messages:{BOB}", "--for", "1h") == f"blocked messages:{BOB}\n"
    assert here.send(1, BOB) == 0
    blocked = json.loads(here.limits("list", "--blocked", "--json"))
    assert [key["key"] for key in blocked["keys"]] == [f"messages:{BOB}"]
    assert 3500 < blocked["keys"][0]["blocked_seconds"] <= 3600
    here.daemon.stop()
    here.start("5/1h")
    assert here.send(1, BOB) == 0, "a block survives a restart"
    assert "unblocked" in here.limits("unblock", BOB)
    assert here.send(5, BOB) == 3
    assert "nothing is known" in here.limits("show", "nobody", code=1)
    assert "no rule has such a key" in here.limits("block", "a,b", code=1)
    assert "no rule is named mesages" in here.limits("block", "mesages:alice", code=1)
    assert (here.folder / "admin.sock").stat().st_mode & 0o777 == 0o600
    metrics = here.daemon.metrics()
    assert metrics.sum("postseal_store_keys", store="file") == 2
    here.daemon.stop()
    assert "can't reach the service" in here.limits("list", code=69)


def test_over_tcp_only_with_a_token(here):
    (here.folder / "token").write_text("0123456789abcdef0123\n")
    here.start("5/1h")
    assert here.send(1) == 1
    here.daemon.stop()

    here.start("5/1h", admin="")
    assert ALICE in here.limits("list"), "this machine may look"
    assert "socket" in here.limits("reset", ALICE, code=1), "but not change"
    here.daemon.stop()
    here.start("5/1h", admin='token_file = "token"\n')
    assert "reset" in here.limits("reset", ALICE)
