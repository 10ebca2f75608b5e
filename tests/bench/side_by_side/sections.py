"""What is measured. Candidates take turns in rounds, so that a busy minute of the machine hits all of them alike."""

import resource
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rig.keys import Key, make_key
from rig.place import wait_for

from . import checks, generator, limits
from .generator import Idle, load
from .report import Report
from .servers import ALL, DOMAIN, OpenDkim, Postseal, Rspamd, Server, Unwatched, Watched

MIB = 1 << 20
# What a signature may cost beyond the RSA operation, and by how much the whole may be off: see README.md.
OVERHEAD_US = 40
SLACK = 1.4


class Bench:
    """One run: the key, the folder, the report, and how much of everything."""

    def __init__(self, folder: Path, key: Key, report: Report, rounds: int, scale: float):
        self.folder = folder
        self.key = key
        self.report = report
        self.rounds = rounds
        self.scale = scale
        self.places = 0

    def start(self, stack: ExitStack, kind: type[Server], unix: bool = False, key: Key | None = None) -> Server:
        self.places += 1
        folder = self.folder / str(self.places)
        folder.mkdir(mode=0o755)
        server = stack.enter_context(kind(folder, key or self.key, unix))
        wait_for(f"{server.name}: the first signature", lambda: generator.signs(server), server.patience)
        return server

    def count(self, number: int) -> int:
        return max(1, int(number * self.scale))

    def take_turns(self, servers: list[Server], times: int = 1, **options) -> dict[str, list[dict]]:
        """Each candidate once in a round, after a warm-up that does not count; and `raw`, the cryptography alone.
        So many times as many rounds where a difference is small beside its noise."""
        for server in servers:
            load(server, **options | {"messages": max(1, options["messages"] // 5)})
        results: dict[str, list[dict]] = {name: [] for name in ("raw", *(server.name for server in servers))}
        for number in range(self.rounds * times):
            results["raw"].append(generator.raw(self.key, self.folder))
            for place in range(len(servers)):
                server = servers[(number + place) % len(servers)]
                results[server.name].append(load(server, **options))
        return results

    def cpu(self) -> None:
        with ExitStack() as stack:
            servers = [self.start(stack, kind) for kind in ALL]
            for per_connection in (1, 20):
                self.report.section(
                    f"CPU time for a signed message, 4 KiB, RSA-2048, 20 connections, {per_connection} to a connection"
                )
                self._cpu_4k(servers, per_connection)
            self.report.section("CPU time for a signed message, 5 MiB, RSA-2048, 4 connections")
            self._cpu_5m(servers)

    def _cpu_4k(self, servers: list[Server], per_connection: int) -> None:
        messages = self.count(1000)
        results = self.take_turns(servers, messages=messages, connections=20, messages_per_connection=per_connection)
        raw = _median(results, "raw", "rsa_us")
        self.report.add("one RSA-2048 signature alone", raw, "us")
        self._cpu_rows(results)
        bound = SLACK * (raw + OVERHEAD_US)
        self.report.add("postseal", _median(results, "postseal"), "us", bound, f"{SLACK} x (RSA + {OVERHEAD_US} us)")
        self.report.add("postseal beyond RSA", _median(results, "postseal") - raw, "us")
        self._ratio(results, "opendkim", 0.25)
        self._ratio(results, "rspamd", 0.4)
        self.report.add("load generator", _median(results, "postseal", "generator_us"), "us")

    def _cpu_5m(self, servers: list[Server]) -> None:
        options = {"connections": 4, "messages_per_connection": 5, "size": 5 * MIB, "body": "attachment"}
        results = self.take_turns(servers, messages=self.count(40), **options)
        self.report.add("SHA-256 of 5 MiB alone", _median(results, "raw", "sha256_5m_us"), "us")
        self._cpu_rows(results)
        self.report.add("postseal", _median(results, "postseal"), "us")
        self._ratio(results, "opendkim", 0.6)
        self._ratio(results, "rspamd", None)

    def _cpu_rows(self, results: dict[str, list[dict]]) -> None:
        for peer in (OpenDkim, Rspamd):
            self.report.add(peer.name, _median(results, peer.name), "us")

    def _ratio(self, results: dict[str, list[dict]], name: str, limit: float | None) -> None:
        """The median of the rounds' ratios: both were measured within seconds of each other."""
        pairs = zip(results["postseal"], results[name])
        ratio = median(ours["cpu_us"] / theirs["cpu_us"] for ours, theirs in pairs)
        self.report.add(f"postseal / {name}", ratio, "", limit)

    def checks(self) -> None:
        checks.measure(self)

    def flatness(self) -> None:
        checks.flatness(self)

    def sender(self) -> None:
        self.report.section("10,000 owners and 100 rewrite rules, four addresses rewritten, in process, no signature")
        runs = [generator.sender() for _ in range(self.rounds)]
        self.report.add("a message without them", median(run["without_us"] for run in runs), "us")
        self.report.add("what they add", median(run["added_us"] for run in runs), "us", 20)

    def memory(self) -> None:
        self.report.section("Memory of connections that are idle after one message (resident)")
        self.report.add("postseal, 1,000 connections, each", self._each_idle(Postseal, 1000), "KiB", 8)
        self.report.add("opendkim, 200 connections, each", self._each_idle(OpenDkim, 200), "KiB")
        self._many_idle()
        self.report.section("Memory under load: 4 KiB over 50 connections, then 5 MiB over 8")
        for kind in ALL:
            with ExitStack() as stack:
                server = self.start(stack, kind)
                load(server, messages=self.count(2000), connections=50)
                load(server, messages=self.count(40), connections=8, size=5 * MIB, body="attachment")
                now = server.memory()
                if kind is Postseal:
                    self.report.add("postseal, the most since it was started", now.peak / 1024, "MiB", 15)
                self.report.add(f"{kind.name}, afterwards, shared pages in part", now.pss / 1024, "MiB")

    def _each_idle(self, kind: type[Server], connections: int) -> float:
        with ExitStack() as stack:
            server = self.start(stack, kind)
            load(server, messages=self.count(1000), connections=20)
            before = server.memory().rss
            stack.enter_context(Idle(server, connections))
            return (server.memory().rss - before) / connections

    def _many_idle(self) -> None:
        connections = min(10_000, _descriptors() - 200)
        if connections < 10_000:
            print(f"  only {connections} connections: ulimit -Hn is too low for 10,000")
        with ExitStack() as stack:
            server = self.start(stack, Postseal)
            stack.enter_context(Idle(server, connections))
            now = server.memory()
            self.report.add(f"postseal, {connections:,} connections, in all", now.rss / 1024, "MiB", 100)
            result = load(server, messages=self.count(1000), connections=20, rate=500)
            p99 = result["end_us"]["p99"] / 1000
            self.report.add("postseal, a new message beside them, 500 a second, p99", p99, "ms", 50)

    def limits(self) -> None:
        folder = self.folder / "limits"
        folder.mkdir(mode=0o755)
        limits.measure(folder, self.report, self.rounds, self.count(2000))

    def latency(self) -> None:
        for unix in (False, True):
            where = "unix socket" if unix else "TCP"
            self.report.section(f"End of the body to the final reply, {where}, 300 messages a second")
            with ExitStack() as stack:
                servers = [self.start(stack, kind, unix) for kind in ALL]
                results = self.take_turns(servers, messages=self.count(600), connections=20, rate=300)
                for server in servers:
                    self._latency_rows(server.name, results[server.name])
        self.report.section("As fast as replies come, unix socket, 20 connections")
        with ExitStack() as stack:
            server = self.start(stack, Postseal, unix=True)
            runs = self.take_turns([server], messages=self.count(3000), connections=20)["postseal"]
            rate = median(run["messages_per_s"] for run in runs)
            self.report.add("postseal, messages", rate, "/s", 1500, at_least=True)
            self._latency_rows("postseal", runs)

    def watch(self) -> None:
        """With a quick key, so that the cryptography does not drown the difference."""
        quick = make_key(self.folder, DOMAIN, "ed", "ed25519")
        with ExitStack() as stack:
            servers = [self.start(stack, kind, key=quick) for kind in (Unwatched, Watched)]
            for rate, messages in ((None, 4000), (500, 1000)):
                how = f"{rate} a second" if rate else "as fast as replies come"
                self.report.section(f"CPU time for log lines, a scrape every second and an open status page, Ed25519, {how}")
                options = {"messages": self.count(messages), "connections": 20, "messages_per_connection": 20}
                results = self.take_turns(servers, times=4, **options, **({"rate": rate} if rate else {}))
                for name in ("unwatched", "watched"):
                    self.report.add(f"postseal, {name}", _median(results, name), "us")
                pairs = zip(results["unwatched"], results["watched"])
                difference = median(watched["cpu_us"] - unwatched["cpu_us"] for unwatched, watched in pairs)
                self.report.add("to be watched costs", difference, "us", None if rate else 10)
            for path in ("metrics", "api/status"):
                self.report.add(f"one look at /{path}", _cost_of_look(servers[1], path), "us")

    def _latency_rows(self, name: str, runs: list[dict]) -> None:
        for point in ("p50", "p90", "p99", "max"):
            value = median(run["end_us"][point] for run in runs) / 1000
            limit = 20 if (name, point) == ("postseal", "p99") else None
            self.report.add(f"{name}, {point}", value, "ms", limit)


def _cost_of_look(server: Watched, path: str, looks: int = 200) -> float:
    before = server.cpu_ns()
    for _ in range(looks):
        server.daemon.get(path)
    return (server.cpu_ns() - before) / 1000 / looks


def _median(results: dict[str, list[dict]], name: str, what: str = "cpu_us") -> float:
    return median(run[what] for run in results[name])


def _descriptors() -> int:
    """How many files a process may open; raised to what it is allowed to raise it to, for all children."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
