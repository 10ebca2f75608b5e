"""A Redis that can go away and come back."""

from pathlib import Path

from rig.place import HOST, free_port, need_tool, port_is_open
from rig.process import Process


class Redis:
    """On a free port, in memory only. Leaving the context ends it."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.url = f"redis://{HOST}:{self.port}"
        options = ["--port", self.port, "--bind", HOST, "--save", "", "--appendonly", "no", "--dir", folder]
        self.process = Process([need_tool("redis-server"), *options], folder / "redis.log")

    def start(self) -> None:
        self.process.start()
        self.process.wait_until("listening", lambda: port_is_open(self.port))

    def __enter__(self) -> "Redis":
        self.start()
        return self

    def __exit__(self, *_exc) -> None:
        self.process.stop()
