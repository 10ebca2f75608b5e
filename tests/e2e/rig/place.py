"""A folder for one test, free ports, and a clear error when a tool is missing.

pytest's own temporary folders are closed to other users, but Postfix and NSD give up root and must still reach their
files, so a place is a folder below /tmp that everybody may enter.
"""

import os
import random
import shutil
import socket
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("POSTSEAL_E2E_CACHE", ROOT / "target" / "e2e-cache"))
HOST = "127.0.0.1"


class MissingTool(RuntimeError):
    """Something that `tests/setup.sh` installs is not there."""

    def __init__(self, what: str, group: str = "test"):
        super().__init__(f"{what} is missing: run tests/setup.sh {group}")


def need_tool(name: str, group: str = "test") -> str:
    """The path of a program, or an error that says how to get it."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/postfix/sbin")
    if path is None:
        raise MissingTool(name, group)
    return path


def need_root(why: str) -> None:
    if os.geteuid() != 0:
        raise PermissionError(f"needs root, because {why}: run it as root or with sudo")


class Place:
    """A folder that others may enter; `keep` leaves it behind for a look at the logs."""

    def __init__(self, name: str = "t"):
        self.path = Path(tempfile.mkdtemp(prefix=f"postseal-{name[:24]}-", dir="/tmp"))
        self.path.chmod(0o755)
        self.keep = False

    def folder(self, name: str) -> Path:
        path = self.path / name
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        return path

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_exc) -> None:
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)


_taken: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, below the range from which the kernel takes ports for clients."""
    while True:
        port = random.randrange(10_000, 30_000)
        if port in _taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        _taken.add(port)
        return port


def wait_for(what: str, condition, timeout: float = 10.0, interval: float = 0.02):
    """The first true value of `condition()`, or TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        time.sleep(interval)


def port_is_open(port: int, host: str = HOST) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True
