"""Counters through restarts, kills, reloads and damaged files; seen and changed from outside; breaches told to others."""

import http.server
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import HOST, Place, wait_for
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal, binary
from rig.postseal_config import Config, Milter
from rig.sink import Sink

ALICE, BOB, OUT = f"alice@{DOMAIN}", f"bob@{DOMAIN}", "someone@dest.example"
RULES = """
[[rate_limit]]
name = "messages"
key = ["user"]
count = "messages"
limit = "{limit}"

[store]
url = "file:{file}"
{more}
"""


class Here:
    """Postfix and sink stay; the daemon comes and goes."""

    def __init__(self, place: Place):
        self.place = place
        self.folder = place.folder("postseal")
        self.state = self.folder / "state.redb"
        self.milter = Milter("submission")
        self.sink = Sink()
        self.port = Listener("submission", self.milter.address, True)
        self.postfix = Postfix(place.folder("postfix"), self.sink.port, [self.port])
        self.daemon = None

    def config(self, limit: str, more: str = "") -> Config:
        return Config([self.milter], more=RULES.format(limit=limit, file=self.state, more=more))

    def start(self, limit: str = "10/1h", more: str = "", admin: str = 'socket = "admin.sock"\n') -> None:
        config = self.config(limit, more)
        self.daemon = Postseal(self.folder, config)
        self.daemon.write(toml(config, admin))
        self.daemon.start()

    def send(self, count: int, user: str = ALICE) -> int:
        """How many of so many messages are accepted."""
        message = mail.make(user, OUT, "state")
        return sum(smtp.submit(self.port.port, user, [OUT], message, user).code == 250 for _ in range(count))

    def limits(self, *arguments: str, code: int = 0) -> str:
        command = [binary(), "limits", *arguments, "--config", self.daemon.file]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert done.returncode == code, done
        return done.stdout + done.stderr

    def used(self) -> int:
        keys = json.loads(self.limits("show", ALICE, "--json", code=0))["keys"]
        return keys[0]["limits"][0]["used"]

    def warnings(self) -> list[str]:
        return [line.get("message", "") for line in self.daemon.lines() if line["level"] == "warn"]


def toml(config: Config, admin: str = 'socket = "admin.sock"\n') -> str:
    """Without the signer, and with a way in for the command."""
    return config.toml().replace("[dkim]\n", "").replace("[admin]\n", f"[admin]\n{admin}")


@pytest.fixture(scope="module")
def here(place):
    here = Here(place)
    with here.sink, here.postfix:
        yield here


@pytest.fixture(autouse=True)
def afresh(here):
    yield
    if here.daemon:
        here.daemon.stop()
        here.daemon = None
    for file in (*here.folder.glob("state.redb*"), *here.folder.glob("postseal.log")):
        file.unlink()


def test_a_restart_keeps_everything(here):
    here.start()
    assert here.send(4) == 4
    here.daemon.stop()
    here.start()
    assert here.send(10) == 6


def test_a_kill_loses_the_last_second_at_most(here):
    here.start()
    assert here.send(4) == 4
    time.sleep(1.5)
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
    assert any("set aside as" in warning for warning in here.warnings())
    assert list(here.folder.glob("state.redb.damaged-*"))


def test_no_place_for_the_file_is_no_reason_not_to_start(here):
    here.state = here.folder / "nowhere" / "state.redb"
    try:
        here.start()
        assert here.send(12) == 10
        assert any("a restart forgets them" in warning for warning in here.warnings())
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


class Hook(http.server.ThreadingHTTPServer):
    """Takes events; answers 503 to the first."""

    def __init__(self):
        self.events, self.tokens, self.failures = [], [], 1
        super().__init__((HOST, 0), Hook.Handler)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.server.failures:
                self.server.failures -= 1
                self.send_response(503)
            else:
                self.server.events.append(json.loads(body))
                self.server.tokens.append(self.headers["Authorization"])
                self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass


def test_a_breach_is_told_to_a_webhook(here):
    (here.folder / "token").write_text("0123456789abcdef0123\n")
    with Hook() as hook:
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        url = f"http://{HOST}:{hook.server_address[1]}/hook"
        here.start("2/1h", f'[webhook]\nurl = "{url}"\ntoken_file = "token"')
        assert here.send(5) == 2
        wait_for("the second attempt", lambda: hook.events)
        assert here.send(3, BOB) == 2
        wait_for("the other breach", lambda: len(hook.events) == 2)
        event = hook.events[0]
        assert (event["event"], event["rule"], event["key"]) == ("rate_limit_breach", "messages", f"messages:{ALICE}")
        assert (event["limit"], event["used"], event["user"], event["client"]) == ("2/1h", 2, ALICE, HOST)
        assert hook.tokens[0] == "Bearer 0123456789abcdef0123"
        assert here.daemon.metrics().sum("postseal_webhook_total", outcome="sent") == 2
        hook.shutdown()


def test_a_webhook_that_hangs_delays_no_mail(here):
    """Nobody answers there: a listening socket whose queue is full."""
    import socket

    with socket.socket() as dead:
        dead.bind((HOST, 0))
        dead.listen(0)
        url = f"http://{HOST}:{dead.getsockname()[1]}/"
        here.start("2/1h", f'[webhook]\nurl = "{url}"\ntimeout = "100ms"\nretries = 0\nqueue = 1')
        assert (here.send(3), here.send(3, BOB)) == (2, 2)
        slowest = max(line["duration_us"] for line in here.daemon.messages(4))
        assert slowest < 5_000_000, "no message waits for the webhook's time-outs"
        failed = lambda: here.daemon.metrics().sum("postseal_webhook_total", outcome="failed")  # noqa: E731
        wait_for("events given up", lambda: failed() >= 1)
