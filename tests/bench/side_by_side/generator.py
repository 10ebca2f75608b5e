"""Calls `postseal-bench`, which plays Postfix."""

import json
import subprocess
from pathlib import Path

from rig.keys import Key
from rig.place import ROOT

from .servers import Server

BINARY = ROOT / "target" / "release" / "postseal-bench"


class Unsigned(RuntimeError):
    """A message was not accepted, or not signed, or the dialogue broke down."""


def load(server: Server, **options) -> dict:
    """Sends messages; what postseal-bench tells, and `cpu_us`: the server's CPU time for one message."""
    before = server.cpu_ns()
    report = _run("load", address=server.address, **options)
    report["cpu_us"] = (server.cpu_ns() - before) / 1000 / report["messages"]
    return report


def signs(server: Server) -> bool:
    """True if a message gets its signature: rspamd takes messages before it has read its configuration."""
    command = _command("load", address=server.address, messages=1)
    return subprocess.run(command, capture_output=True).returncode == 0


def accepts(server: Server) -> bool:
    """True if a message is accepted."""
    command = _command("load", address=server.address, messages=1, signatures=0)
    return subprocess.run(command, capture_output=True).returncode == 0


def raw(key: Key, folder: Path) -> dict:
    """CPU time of the cryptography alone."""
    der = folder / "key.der"
    command = ["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key.file, "-outform", "DER", "-out", der]
    subprocess.run(command, check=True)
    return _run("raw", key=der)


def sender() -> dict:
    """CPU time that 10,000 owners and 100 rewrite rules add to a message."""
    return _run("sender")


def checks() -> list[dict]:
    """CPU time of all header checks, for messages of many kinds and sizes."""
    return _run("checks")


class Idle:
    """Connections that have carried a message and are kept open until the context is left."""

    def __init__(self, server: Server, connections: int):
        self.command = _command("idle", address=server.address, connections=connections)

    def __enter__(self) -> "Idle":
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.child.stdout.readline():
            self.child.wait()
            raise Unsigned(" ".join(self.command))
        return self

    def __exit__(self, *_exc) -> None:
        self.child.stdin.close()
        self.child.wait()


def _run(what: str, **options) -> dict | list[dict]:
    command = _command(what, **options)
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise Unsigned(f"{' '.join(command)}\n{run.stdout}")
    return json.loads(run.stdout)


def _command(what: str, **options) -> list[str]:
    if not BINARY.exists():
        raise FileNotFoundError(f"{BINARY} is missing: run cargo build --release -p postseal-bench")
    flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    return [str(BINARY), what, *flags]
