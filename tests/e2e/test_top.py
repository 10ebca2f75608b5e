"""`postseal top` in a pseudo terminal, beside a service that has had mail."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pyte
import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.postseal import binary
from rig.postseal_config import Config, domain
from rig.world import milters, world

ALICE, OUT = "alice@test.example", "someone@dest.example"
COLUMNS, ROWS = 140, 45
LIMIT = '\n[[rate_limit]]\nname = "per-user"\nkey = ["user"]\nlimit = "9/1h"\n[store]\nurl = "memory:"\n'


class Screen:
    """A terminal of that size with `postseal top` in it."""

    def __init__(self, config):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.child = subprocess.Popen(
            [binary(), "top", "--config", config], stdin=slave, stdout=slave, stderr=slave,
            env=os.environ | {"TERM": "xterm-256color"}, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, text: str, timeout: float = 10.0) -> str:
        """What the screen shows once that text is on it."""
        deadline = time.monotonic() + timeout
        while text not in self.text():
            assert time.monotonic() < deadline, f"no {text!r} on\n{self.text()}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.stream.feed(os.read(self.master, 65536))
        return self.text()

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_exc) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait(5)
        os.close(self.master)


@pytest.fixture(scope="module")
def here(place, keys):
    with world(place, Config(milters(place), [domain(DOMAIN, keys)], more=LIMIT)) as here:
        for sender in (ALICE, "bob@nokey.example"):
            reply = smtp.submit(here.submission, sender, [OUT], mail.make(sender, OUT, "top"), ALICE)
            here.daemon.message(reply.queue_id)
        yield here


def test_it_follows_the_service_and_tells_why(here):
    with Screen(here.daemon.file) as top:
        shown = top.wait_for("dkim.no_key_for_domain")
        assert "ready" in shown and "accept 2" in shown and "b***@nokey.example" in shown
        assert "per-user:a***@test.example" in shown and "2 of 9 in 1h" in shown and "store in memory" in shown
        assert "test.example rsa" in shown, "signatures by domain and selector"
        assert smtp.submit(here.submission, ALICE, [OUT], mail.make(ALICE, OUT, "live"), ALICE).code == 250
        top.wait_for("accept 3")
        top.press("jj\r")  # the second decision: the first key press selects the first
        why = top.wait_for("filters     rate_limit, dkim")
        assert "reason      dkim.no_key_for_domain" in why
        top.press("q")
        assert top.child.wait(5) == 0


def test_without_a_terminal_it_prints_one_screen(here):
    run = subprocess.run([binary(), "top", "--config", here.daemon.file], capture_output=True, text=True, timeout=20)
    assert run.returncode == 0, run.stderr
    assert "last decisions" in run.stdout and "\x1b" not in run.stdout


def test_a_service_that_does_not_run_is_said_so(place, keys):
    config = place.folder("dead") / "postseal.toml"
    config.write_text(Config(milters(place), [domain(DOMAIN, keys)]).toml())
    run = subprocess.run([binary(), "top", "--config", config], capture_output=True, text=True, timeout=20)
    assert run.returncode == 69 and "is it running" in run.stderr, run.stderr
