"""What four rate limits cost for a message: postseal and rspamd, each with them and without, and the same Redis.

No signatures here, which would cost more than all the rest. What is compared is the CPU time that the limits add, that of
Redis included; without limits there is a candidate of the same kind in the same round.
"""

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rig.place import HOST, wait_for
from rig.postseal import Postseal as Daemon
from rig.postseal_config import Config, Milter
from rig.redis import Redis, cpu_ms

from . import redis_cost
from .generator import accepts, load
from .report import Report
from .servers import RSPAMD_LIMITS, Server, rspamd_command

RATIO = 0.2
MEMORY_US = 10
KEYS = ("user", "client", "sender", "sender_domain")
RULES = "".join(
    f'[[rate_limit]]\nname = "{key}"\nkey = ["{key}"]\ncount = "messages"\nlimit = "100000000/1h"\n\n' for key in KEYS
)


class Limited(Server):
    """A candidate that signs nothing; `redis` counts for it, or `store` says what does, or nobody."""

    def __init__(self, folder: Path, name: str, redis: Redis | None = None, store: str = "", unix: bool = False):
        self.name, self.redis, self.store = name, redis, store
        super().__init__(folder, key=None, unix=unix)

    def cpu_ns(self) -> float:
        return super().cpu_ns() + (cpu_ms(self.redis) * 1e6 if self.redis else 0)


class LimitedPostseal(Limited):
    def command(self) -> list:
        url = f"redis://{HOST}:{self.redis.port}" if self.redis else self.store
        # so patient that no busy moment of the machine makes it count for itself
        more = f'[store]\nurl = "{url}"\ntimeout = "5s"\n\n{RULES}' if url else ""
        self.daemon = Daemon(self.folder, Config([self._milter()], dkim=None, more=more))
        return self.daemon.process.command

    def _milter(self) -> Milter:
        return Milter("submission", port=self.port) if self.port else Milter("submission", socket=self.socket)

    def listens(self) -> bool:
        return self.daemon.status("readyz") == 200


class LimitedRspamd(Limited):
    patience = 90.0

    def command(self) -> list:
        limits = RSPAMD_LIMITS.format(host=HOST, port=self.redis.port) if self.redis else ""
        return rspamd_command(self.folder, f"{HOST}:{self.port}", limits)


def measure(folder: Path, report: Report, rounds: int, messages: int) -> None:
    report.section("CPU time that four rate limits add to a message, Redis included, 20 messages to a connection")
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(Redis(folder / name)) for name in ("redis-postseal", "redis-rspamd"))
        servers = {
            "postseal": LimitedPostseal(folder, "postseal"),
            "postseal, memory": LimitedPostseal(folder, "postseal-memory", store="memory:"),
            "postseal (unix)": LimitedPostseal(folder, "postseal-unix", unix=True),
            "postseal (unix), memory": LimitedPostseal(folder, "postseal-unix-memory", store="memory:", unix=True),
            "postseal, Redis": LimitedPostseal(folder, "postseal-redis", ours),
            "rspamd": LimitedRspamd(folder, "rspamd"),
            "rspamd, Redis": LimitedRspamd(folder, "rspamd-redis", theirs),
        }
        for server in servers.values():
            stack.enter_context(server)
            wait_for(f"{server.name}: the first message", lambda server=server: accepts(server), server.patience)
        options = {"messages": messages, "connections": 20, "messages_per_connection": 20, "signatures": 0, "users": 100}
        runs = {name: [] for name in servers}
        for server in servers.values():
            load(server, **options)
        for number in range(rounds):
            order = list(servers)
            for name in order[number % len(order) :] + order[: number % len(order)]:
                runs[name].append(load(servers[name], **options)["cpu_us"])
        keys = {redis.cli("dbsize").strip() for redis in (ours, theirs)}
    for name, figures in runs.items():
        report.add(name, median(figures), "us")

    def added(name: str) -> list[float]:
        plain = runs[name.partition(",")[0]]
        return [with_limits - without for with_limits, without in zip(runs[name], plain)]

    # With limits MAIL wants an answer: what the kernel takes to carry that over TCP is no work of the limits.
    report.add("added by limits in memory, unix socket", median(added("postseal (unix), memory")), "us", MEMORY_US)
    report.add("added by limits in memory, TCP", median(added("postseal, memory")), "us")
    report.add("added by limits in Redis, TCP", median(added("postseal, Redis")), "us")
    report.add("added by rspamd's ratelimit", median(added("rspamd, Redis")), "us")
    pairs = zip(added("postseal, Redis"), added("rspamd, Redis"))
    report.add("postseal / rspamd", median(mine / its for mine, its in pairs), "", RATIO)
    assert "0" not in keys, "somebody has not counted"
    redis_cost.measure(folder, report, rounds, 3000)
