"""The parts together: the daemon, a Postfix with a submission and an mx port in front of it, and the sink behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .place import Place
from .postfix import Listener, Postfix
from .postseal import Postseal
from .postseal_config import Config, Milter
from .sink import Sink

REFUSED = "refused@dest.example"  # the sink does not take mail for it, so Postfix makes a bounce


@dataclass
class World:
    daemon: Postseal
    postfix: Postfix
    sink: Sink

    @property
    def submission(self) -> int:
        return self.postfix.port("submission")

    @property
    def mx(self) -> int:
        return self.postfix.port("mx")


def milters(place: Place, unix: bool = False) -> list[Milter]:
    """One listener of each role that Postfix uses, over TCP or unix sockets."""
    folder = place.folder("sockets")
    names = {"submission": "submission", "local": "local", "mx": "mx"}
    return [Milter(name, role, socket=folder / name if unix else None) for name, role in names.items()]


@contextmanager
def world(place: Place, config: Config, **postfix_settings: str) -> Iterator[World]:
    """Everything up, and down again at the end. `config.milters` must come from `milters`."""
    daemon = Postseal(place.folder("postseal"), config)
    sink = Sink(refuse=lambda recipient: recipient == REFUSED)
    ports = [
        Listener("submission", daemon.milter("submission"), sasl=True),
        Listener("mx", daemon.milter("mx")),
    ]
    settings = {"non_smtpd_milters": daemon.milter("local"), "internal_mail_filter_classes": "bounce"}
    with daemon, sink, Postfix(place.folder("postfix"), sink.port, ports, **settings | postfix_settings) as postfix:
        yield World(daemon, postfix, sink)
