#!/usr/bin/python3
"""Measures two builds of postseal beside each other: CPU time of a message and memory of a connection, in one run.

    builds.py OLD NEW [--rounds 7] [--scale 1.0] [--only ROW ...]

OLD and NEW are programs, with postseal-bench of the same build beside each. The builds take turns; a row's figure is the
median of the rounds' ratios, new to old. The exit status is 1 if a row is above its bound.
"""

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))  # the rig: processes, ports, keys

from rig.keys import Key, make_key  # noqa: E402
from rig.place import HOST, Place, wait_for  # noqa: E402
from rig.redis import Redis  # noqa: E402
from side_by_side import generator, servers  # noqa: E402
from side_by_side.checkers import CheckingPostseal  # noqa: E402
from side_by_side.generator import Idle, load  # noqa: E402
from side_by_side.limits import LimitedPostseal  # noqa: E402
from side_by_side.report import machine  # noqa: E402

BOUND = 1.03
REDIS_BOUND = 1.1
SMALL = {"connections": 20, "messages": 1000}
LARGE = {"connections": 4, "messages": 40, "messages_per_connection": 5, "size": 5 << 20}


class Builds:
    def __init__(self, programs: list[Path], place: Path, rounds: int, scale: float):
        self.programs, self.place, self.rounds, self.scale = programs, place, rounds, scale
        self.key = make_key(place, servers.DOMAIN, "rsa")
        self.number = 0

    def _folder(self) -> Path:
        self.number += 1
        folder = self.place / str(self.number)
        folder.mkdir(mode=0o755)
        return folder

    def both(self, stack: ExitStack, make) -> list[servers.Server]:
        """`make(folder)` of each build, started, with its first message behind it."""
        found = []
        for program in self.programs:
            os.environ["POSTSEAL_BIN"] = str(program)
            found.append(stack.enter_context(make(self._folder())))
        return found

    def served(self, make, signs: bool = True, **options) -> list[float]:
        """Ratios of CPU time for a message, one a round."""
        with ExitStack() as stack:
            pair = self.both(stack, make)
            for server in pair:
                ready = generator.signs if signs else generator.accepts
                wait_for("the first message", lambda server=server, ready=ready: ready(server), server.patience)
            options["messages"] = max(1, int(options["messages"] * self.scale))
            options |= {} if signs else {"signatures": 0, "users": 100}
            for server in pair:
                load(server, **options)
            return self.ratios(lambda which: load(pair[which], **options)["cpu_us"])

    def ratios(self, cost) -> list[float]:
        found = []
        for number in range(self.rounds):
            order = (0, 1) if number % 2 else (1, 0)
            costs = {which: cost(which) for which in order}
            found.append(costs[1] / costs[0])
        return found

    def in_process(self, what: str, figure) -> list[float]:
        def cost(which: int) -> float:
            generator.BINARY = self.programs[which].with_name("postseal-bench")
            return figure(getattr(generator, what)())

        try:
            return self.ratios(cost)
        finally:
            generator.BINARY = self.programs[1].with_name("postseal-bench")

    def idle(self) -> list[float]:
        """Memory of a connection that has carried a message."""

        def cost(which: int) -> float:
            with ExitStack() as stack:
                os.environ["POSTSEAL_BIN"] = str(self.programs[which])
                server = stack.enter_context(servers.Postseal(self._folder(), self.key))
                wait_for("the first message", lambda: generator.signs(server))
                load(server, messages=500, connections=20)
                before = server.memory().rss
                stack.enter_context(Idle(server, 1000))
                return server.memory().rss - before

        return self.ratios(cost)

    def limited(self, name: str, redis: Redis | None = None, store: str = "") -> list[float]:
        return self.served(lambda folder: LimitedPostseal(folder, name, redis, store), signs=False,
                           connections=20, messages=2000, messages_per_connection=20)  # fmt: skip


def rows(builds: Builds, redis: Redis) -> dict[str, tuple[float, object]]:
    """Name -> bound, and what gives the ratios."""
    key: Key = builds.key
    plain = lambda folder: servers.Postseal(folder, key)  # noqa: E731
    checking = lambda folder: CheckingPostseal(folder, key)  # noqa: E731
    return {
        "cpu, 4 KiB, a connection each": (BOUND, lambda: builds.served(plain, **SMALL)),
        "cpu, 4 KiB, 20 to a connection": (BOUND, lambda: builds.served(plain, **SMALL, messages_per_connection=20)),
        "cpu, 5 MiB": (BOUND, lambda: builds.served(plain, **LARGE, body="attachment")),
        "checks, 4 KiB": (BOUND, lambda: builds.served(checking, **SMALL, messages_per_connection=20)),
        "checks, 5 MiB of text": (BOUND, lambda: builds.served(checking, **LARGE, body="text")),
        "checks, 5 MiB attached": (BOUND, lambda: builds.served(checking, **LARGE, body="attachment")),
        "checks, in process": (BOUND, lambda: builds.in_process("checks", lambda costs: sum(c["ns_per_octet"] for c in costs))),
        "sender, in process": (BOUND, lambda: builds.in_process("sender", lambda run: run["without_us"] + run["added_us"])),
        "limits, none": (BOUND, lambda: builds.limited("none")),
        "limits, memory": (BOUND, lambda: builds.limited("memory", store="memory:")),
        "limits, Redis, CPU of Redis included": (REDIS_BOUND, lambda: builds.limited("redis", redis=redis)),
        "limits, Redis, CPU of postseal": (REDIS_BOUND, lambda: builds.limited("redis", store=f"redis://{HOST}:{redis.port}")),
        "memory, an idle connection": (BOUND, builds.idle),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the messages to send (1.0)")
    parser.add_argument("--only", nargs="+", default=[""], help="rows whose names begin so")
    options = parser.parse_args()
    print("\n".join(machine()))
    programs = [options.old.resolve(), options.new.resolve()]
    generator.BINARY = programs[1].with_name("postseal-bench")
    missed = 0
    with Place("builds") as place, Redis(place.folder("redis")) as redis:
        print(f"{'new / old':38} {'median':>7} {'least':>7} {'most':>7} {'bound':>6}")
        for name, (bound, measure) in rows(Builds(programs, place.path, options.rounds, options.scale), redis).items():
            if name.startswith(tuple(options.only)):
                ratios = measure()
                over = median(ratios) > bound
                missed += over
                print(f"{name:38} {median(ratios):7.3f} {min(ratios):7.3f} {max(ratios):7.3f} {bound:6.2f}"
                      f"{'  MISSED' if over else ''}", flush=True)  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
