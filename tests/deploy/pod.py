"""A pod of the chart by hand: the image and a real Postfix that share a folder of sockets, each confined as rendered.

What the kubelet would do is done here: volumes, environment, start of the sidecar before Postfix and its end after it.
The pod's settings are those of the chart, but for ports, for what makes Postfix deliver to the sink, and for shorter times.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chart import containers, of_kind, postseal, render
from container import ConfinedPostfix, Container
from rig.keys import Key, make_pair
from rig.place import Place
from rig.postfix import Listener
from rig.sink import Sink
from volume import Volume

DOMAIN = "test.example"
# Not what the chart says: a test does not wait ten seconds for each look at a file.
QUICK = {"POSTSEAL__DKIM__KEY_REFRESH": "1s", "POSTSEAL__RELOAD__PERIOD": "1s"}


@dataclass
class Pod:
    daemon: Container
    postfix: ConfinedPostfix
    sink: Sink
    config: Volume
    secret: Volume

    @property
    def submission(self) -> int:
        return self.postfix.port("submission")


def secret(keys: list[Key]) -> dict[str, bytes]:
    """The data of the Secret that the chart wants."""
    return {f"{key.selector}._domainkey.{key.domain}.pem": key.file.read_bytes() for key in keys}


def pair(place: Place, prefix: str) -> list[Key]:
    """An RSA and an Ed25519 key whose selectors begin with `prefix`."""
    folder = place.folder(f"keys-{prefix}")
    return make_pair(folder, DOMAIN, prefix)


@contextmanager
def sidecar(place: Place, keys: list[Key]) -> Iterator[Pod]:
    """A pod of mode sidecar; postseal ends after Postfix."""
    text = render("sidecar-minimal")
    rendered = postseal(text)
    postfix_env = next(one for _, one in containers(text) if one["name"] == "postfix")["env"]
    main_cf = [one for one in postfix_env if one["name"].startswith("POSTFIX_")]
    settings = {one["name"].removeprefix("POSTFIX_"): one["value"] for one in main_cf}
    config = of_kind(text, "ConfigMap")[0]["data"]
    group = rendered["securityContext"]["runAsGroup"]
    sink = Sink()
    listeners = [Listener("submission", settings.pop("smtpd_milters"), sasl=True)]
    postfix = ConfinedPostfix(place.folder("postfix"), sink.port, listeners, **settings)
    volumes = {
        "config": Volume(place.path / "config", {name: content.encode() for name, content in config.items()}),
        "keys": Volume(place.path / "secret", secret(keys), mode=0o440, group=group),
    }
    folders = {name: volume.folder for name, volume in volumes.items()} | {"sockets": postfix.folder / postfix.SOCKETS}
    daemon = Container(place.folder("postseal"), rendered, folders, QUICK)
    with daemon, sink, postfix:
        yield Pod(daemon, postfix, sink, volumes["config"], volumes["keys"])


def published(*pairs: list[Key]) -> dict[str, str]:
    """The records of all keys, as a name server would have them."""
    return {key.name: key.record for keys in pairs for key in keys}
