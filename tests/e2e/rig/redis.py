"""Private Redis: a server, or a cluster of masters with replicas, each behind a proxy that can be told to fail."""

import subprocess
import sys
import time
from pathlib import Path

from .place import HOST, free_port, need_tool, port_is_open, wait_for
from .process import Process


class Redis:
    """One server; `port` is its own, `proxied` the one that clients are told."""

    def __init__(self, folder: Path, *options: str, cluster: bool = False):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.proxied = free_port(), free_port()
        command = [need_tool("redis-server"), "--port", self.port, "--bind", HOST, "--save", "", "--appendonly", "no"]
        command += ["--dir", folder, "--repl-diskless-sync-delay", "0", *options]
        if cluster:
            self.bus = free_port()
            command += ["--cluster-enabled", "yes", "--cluster-port", self.bus, "--cluster-node-timeout", "1000"]
            command += ["--cluster-announce-port", self.proxied, "--cluster-announce-bus-port", self.bus]
        self.process = Process(command, folder / "redis.log")

    def start(self) -> "Redis":
        self.process.start()
        self.process.wait_until("answers", lambda: port_is_open(self.port))
        return self

    def stop(self) -> None:
        self.process.stop(2.0)

    def cli(self, *arguments) -> str:
        return cli(self.port, *arguments)

    def __enter__(self) -> "Redis":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()


class Cluster:
    """Masters and one replica for each, all behind one [`Proxy`]."""

    def __init__(self, folder: Path, masters: int = 3, replicas: int = 1, options: tuple = ()):
        count = masters * (1 + replicas)
        self.nodes = [Redis(folder / str(number), *options, cluster=True) for number in range(count)]
        self.replicas = replicas
        self.proxy = Proxy(folder, {node.proxied: node.port for node in self.nodes})

    @property
    def url(self) -> str:
        return "redis-cluster://" + ",".join(f"{HOST}:{node.proxied}" for node in self.nodes)

    def __enter__(self) -> "Cluster":
        for node in self.nodes:
            node.start()
        self.proxy.start()
        addresses = [f"{HOST}:{node.port}" for node in self.nodes]
        create = ["--cluster", "create", *addresses, "--cluster-replicas", self.replicas, "--cluster-yes"]
        told = self.nodes[0].cli(*create)
        for node in self.nodes:
            wait_for(f"cluster is up:\n{told}", lambda node=node: "cluster_state:ok" in node.cli("cluster", "info"), 20)
        # fail-over works only once every replica has its master's data
        for node in self.nodes:
            wait_for("replicas follow", lambda node=node: follows(node), 20)
        return self

    def __exit__(self, *_exc) -> None:
        self.proxy.stop()
        for node in self.nodes:
            node.stop()

    def masters(self) -> list[Redis]:
        return [node for node in self.nodes if node.process.alive() and "role:master" in node.cli("info", "replication")]

    def cpu_ms(self) -> float:
        return sum(cpu_ms(node) for node in self.nodes if node.process.alive())


class Proxy:
    """TCP in between: `pass`, `latency SECONDS`, `garbage`, `hole` (takes everything, answers nothing), `cut`."""

    def __init__(self, folder: Path, ports: dict[int, int]):
        pairs = [f"{there}:{behind}" for there, behind in ports.items()]
        self.ports = list(ports)
        self.command = [sys.executable, str(Path(__file__).with_name("fault_proxy.py")), *pairs]
        self.log = folder / "proxy.log"
        self.child: subprocess.Popen | None = None

    def start(self) -> "Proxy":
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.child.stdout.readline() == "ready\n", self.log.read_text()
        return self

    def order(self, what: str) -> None:
        """In force when this returns."""
        self.child.stdin.write(what + "\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "done\n", self.log.read_text()

    def stop(self) -> None:
        if self.child:
            self.child.stdin.close()
            self.child.wait(5)

    def __enter__(self) -> "Proxy":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()


def cli(port: int, *arguments) -> str:
    command = [need_tool("redis-cli"), "-p", str(port), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run.stdout + run.stderr


def follows(node: Redis) -> bool:
    info = node.cli("info", "replication")
    return "role:master" in info or "master_link_status:up" in info


def cpu_ms(node: Redis) -> float:
    """CPU time that the kernel has counted for the server's process."""
    return time.clock_gettime_ns((~node.process.pid << 3) | 2) / 1e6


