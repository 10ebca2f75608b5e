"""postseal as a company would run it, with every filter, so that every metric is there; and all that stands around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hook import Hook
from prometheus import Prometheus
from redis_server import Redis
from rig.keys import Key, make_key
from rig.place import HOST, Place
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, domain
from rig.sink import Sink
from rig.world import World, milters

DOMAINS = ["test.example", "shop.example", "verein.example"]
USERS = ("alice@test.example", "bob@test.example", "carol@test.example", "web1@test.example", "mallory@test.example")

FILTERS = """
[header_checks]

[sender]
[[sender.owner]]
user = "alice@test.example"
may_use = ["@test.example", "@shop.example", "@verein.example"]
[[sender.owner]]
user = "bob@test.example"
may_use = ["@nokey.example"]
[[sender.owner]]
listener = "local"
may_use = ["*"]
[[sender.rewrite]]
match = "wwwrun@*.test.example"
to = "web1@test.example"

[[rate_limit]]
name = "per-user"
key = ["user"]
limit = "600/1m"
override = { "alice@test.example" = "9000/1m", "carol@test.example" = "20/1m" }

[[rate_limit]]
name = "per-day"
key = ["user"]
count = "messages"
limit = "20000/1d"
override = { "mallory@test.example" = "3/1d" }
block = "1h"

[[rate_limit]]
name = "newsletters"
key = ["sender"]
count = "messages"
limit = "5000/1d"
override = { "news@test.example" = "20/1d" }
action = "quarantine"

[[rate_limit]]
name = "per-client"
key = ["client"]
count = "messages"
limit = "3000/1m"
action = "log"
"""


def keys_of(folder: Path, domains: list[str]) -> dict[str, list[Key]]:
    """An Ed25519 key for each domain, quickly made, and an RSA key for the first."""
    keys = {name: [make_key(folder, name, "ed2026", "ed25519")] for name in domains}
    keys[domains[0]].insert(0, make_key(folder, domains[0], "rsa2026"))
    return keys


def configuration(place: Place, keys: dict[str, list[Key]], store: str = "memory:", hook: str | None = None) -> Config:
    """Every listener, filter and domain."""
    more = f'{FILTERS}\n[store]\nurl = "{store}"\n' + (f'[webhook]\nurl = "{hook}"\n' if hook else "")
    return Config(milters(place), [domain(name, own) for name, own in keys.items()], {"key_refresh": "1s"}, more=more)


def everything(place: Place, keys: dict[str, list[Key]]) -> Postseal:
    """The daemon alone."""
    return Postseal(place.folder("postseal"), configuration(place, keys))


@dataclass
class Scene:
    """What `company` starts."""

    world: World
    redis: Redis
    prometheus: Prometheus
    keys: dict[str, list[Key]]


@contextmanager
def company(place: Place) -> Iterator[Scene]:
    """Postfix with a submission and an mx port, a postseal for each, Redis, a sink behind, and Prometheus beside.

    The postseal of the mx port counts limits in memory, so that there is something of every kind of store to see.
    """
    keys = keys_of(place.folder("keys"), DOMAINS)
    with Redis(place.folder("redis")) as redis, Hook() as hook, Sink() as sink:
        daemon = Postseal(place.folder("postseal"), configuration(place, keys, redis.url, hook.url))
        second = Postseal(place.folder("second"), configuration(place, keys))
        ports = [Listener("submission", daemon.milter("submission"), sasl=True), Listener("mx", second.milter("mx"))]
        settings = {"non_smtpd_milters": daemon.milter("local"), "internal_mail_filter_classes": "bounce"}
        postfix = Postfix(place.folder("postfix"), sink.port, ports, USERS, **settings)
        prometheus = Prometheus(place.folder("prometheus"), [f"{HOST}:{one.config.admin}" for one in (daemon, second)])
        with daemon, second, postfix, prometheus:
            yield Scene(World(daemon, postfix, sink), redis, prometheus, keys)
