"""A name server of our own (NSD) that publishes DKIM records on loopback.

It listens on a free port of 127.0.0.1 and, because OpenDKIM takes no port, on port 53 of a loopback address of its own.
"""

import random
import socket
from pathlib import Path

from .keys import Key
from .place import HOST, free_port, need_root, need_tool
from .process import Process

CONFIG = """\
server:
  ip-address: {host}@{port}
  ip-address: {alias}@53
  username: nsd
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: ""
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  cookie-secret-file: ""
  server-count: 1
remote-control:
  control-enable: no
"""

ZONE_HEAD = """\
$ORIGIN {zone}.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
@ A 127.0.0.1
"""


def txt(text: str) -> str:
    """A TXT record's data: strings of at most 255 bytes."""
    return " ".join(f'"{text[at:at + 200]}"' for at in range(0, len(text), 200))


class NameServer:
    """Serves `zones`: zone name -> {full record name: text}."""

    def __init__(self, folder: Path, zones: dict[str, dict[str, str]]):
        need_root("a name server on port 53 of a loopback address takes it")
        self.port = free_port()
        self.alias = _free_alias()
        folder.chmod(0o777)  # NSD gives up root before it writes its pid file
        config = CONFIG.format(host=HOST, port=self.port, alias=self.alias, folder=folder)
        for zone, records in zones.items():
            lines = ZONE_HEAD.format(zone=zone) + "".join(
                f"{name}. TXT {txt(text)}\n" for name, text in records.items()
            )
            (folder / f"{zone}.zone").write_text(lines)
            config += f'zone:\n  name: "{zone}"\n  zonefile: "{zone}.zone"\n'
        (folder / "nsd.conf").write_text(config)
        self.process = Process([need_tool("nsd"), "-d", "-c", folder / "nsd.conf"], folder / "nsd.log")

    @classmethod
    def for_keys(cls, folder: Path, keys: list[Key]) -> "NameServer":
        zones: dict[str, dict[str, str]] = {}
        for key in keys:
            zones.setdefault(key.domain, {})[key.name] = key.record
        return cls(folder, zones)

    def start(self) -> "NameServer":
        self.process.start()
        self.process.wait_until("answer", lambda: _answers(HOST, self.port) and _answers(self.alias, 53))
        return self

    def stop(self) -> None:
        self.process.stop()

    def __enter__(self) -> "NameServer":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()


def _free_alias() -> str:
    while True:
        address = f"127.53.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 53))
            except OSError:
                continue
        return address


def _answers(host: str, port: int) -> bool:
    query = b"\x12\x34\0\0\0\1\0\0\0\0\0\0\4test\7example\0\0\x06\0\1"  # SOA test.example
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        try:
            client.connect((host, port))
            client.send(query)
            return client.recv(512)[:2] == query[:2]
        except OSError:
            return False
