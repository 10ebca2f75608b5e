"""What one decision costs a Redis server: the CPU time of its process for a script call, and the memory of a counter.

The scripts and arguments are those of postseal; who calls is a few lines here, since only the server is measured. `One at a
time` is a call that the server reads, decides and answers before the next one comes; `queued` is what it finds in one
piece on its socket when it is busy.
"""

import hashlib
import random
import socket
import struct
from pathlib import Path
from statistics import median

from rig.place import HOST, ROOT
from rig.redis import Redis, cpu_ms

from .report import Report

LUA = ROOT / "src" / "store" / "redis" / "lua"
HOUR, LIMIT, SLOTS = 3_600_000, 1600, 15
USERS = 2_000
RULES = ("user", "client", "sender", "sender_domain")
CLOCK = 1_800_000_000_000
WITHIN = b":0\r\n"  # of admit.lua


class Caller:
    """A connection on which scripts are called."""

    def __init__(self, port: int):
        self.stream = socket.create_connection((HOST, port))
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.stream.makefile("rb")
        script = (LUA / "state.lua").read_bytes() + (LUA / "admit.lua").read_bytes()
        self.hash = hashlib.sha1(script).hexdigest().encode()
        self.stream.sendall(words(b"SCRIPT", b"LOAD", script))
        self.answers.readline(), self.answers.readline()

    def call(self, users: list[int], rules: int, cost: int, now: int | None = None) -> None:
        """One call for each user, all in one piece; each must be admitted."""
        request = struct.pack("<5Q", cost, 0, 1, HOUR, LIMIT)
        calls = []
        for user in users:
            keys = [b"postseal:k:per-%s:{user%07d@example.com}" % (rule.encode(), user) for rule in RULES[:rules]]
            time = b"" if now is None else str(now).encode()
            calls.append(words(b"EVALSHA", self.hash, str(rules).encode(), *keys, time, *[request] * rules))
        self.stream.sendall(b"".join(calls))
        for _ in users:
            # The server's time, then for each request the verdict and what belongs to it.
            count = self.answers.readline()
            assert count.startswith(b"*"), f"no answer: {count}"
            answer = [self.answers.readline() for _ in range(int(count[1:]))]
            assert answer[1] == WITHIN, f"not admitted: {answer}"


def words(*parts: bytes) -> bytes:
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def measure(folder: Path, report: Report, rounds: int, calls: int) -> None:
    report.section(f"Redis: CPU time of a script call, {USERS} users, {SLOTS} slots in each counter; memory of a counter")
    with Redis(folder / "redis-cost") as redis:
        caller = Caller(redis.port)
        begin = CLOCK
        for slot in range(SLOTS):
            for first in range(0, USERS, 50):
                caller.call(list(range(first, first + 50)), len(RULES), LIMIT // 16, begin + slot * HOUR // 16)
        key = f"postseal:k:per-user:{{user{0:07}@example.com}}"
        report.add("a counter with an hour's window, its name included", float(redis.cli("memory", "usage", key)), "bytes")
        report.add("its value alone", float(redis.cli("strlen", key)), "bytes")
        now = begin + (SLOTS - 1) * HOUR // 16 + 1000
        for rules in (1, len(RULES)):
            for batch, what in ((1, "one at a time"), (16, "queued")):
                figures = []
                for _ in range(rounds):
                    before = cpu_ms(redis)
                    # of each user so few that all are admitted
                    for _ in range(calls // batch):
                        caller.call(random.choices(range(USERS), k=batch), rules, 1, now)
                    figures.append((cpu_ms(redis) - before) * 1000 / (calls // batch * batch))
                figure = median(figures)
                counters = "one counter" if rules == 1 else f"{rules} counters"
                report.add(f"{counters}, {what}", figure, "us")
                report.add(f"{counters}, {what}: counters a second on one core", rules * 1e6 / figure, "/s")
