"""The daemon under test: started with a configuration, asked by its admin port, read by its log lines."""

import json
import os
import re
import signal
import urllib.error
import urllib.request
from pathlib import Path

from . import log_schema
from .place import HOST, ROOT, wait_for
from .postseal_config import Config
from .process import Process


def binary() -> Path:
    """POSTSEAL_BIN, or what `cargo build --release` makes."""
    path = Path(os.environ.get("POSTSEAL_BIN", ROOT / "target" / "release" / "postseal"))
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `cargo build --release`, or set POSTSEAL_BIN")
    return path


class Metrics:
    """One scrape of /metrics."""

    LINE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)")
    LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text: str):
        self.text = text
        self.samples = [
            (match["name"], dict(self.LABEL.findall(match["labels"] or "")), float(match["value"]))
            for match in map(self.LINE.match, text.splitlines()) if match
        ]  # fmt: skip

    def sum(self, metric: str, **labels: str) -> float:
        """The sum of all samples of that name that have these labels."""
        return sum(value for name, has, value in self.samples if name == metric and labels.items() <= has.items())

    def names(self) -> set[str]:
        return {name for name, _, _ in self.samples}


class Postseal:
    """`start` returns when /readyz says yes; leaving the context ends the process."""

    def __init__(self, folder: Path, config: Config):
        self.folder = folder
        self.config = config
        self.file = folder / "postseal.toml"
        self.write(config.toml())
        self.process = Process([binary(), "run", "--config", self.file], folder / "postseal.log", cwd=folder)

    def write(self, text: str) -> None:
        """Replaces the configuration file at once, as an editor or a package would."""
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    def milter(self, name: str) -> str:
        return next(one.address for one in self.config.milters if one.name == name)

    def start(self) -> "Postseal":
        self.process.start()
        self.process.wait_until("/readyz", lambda: self.status("readyz") == 200)
        return self

    def stop(self) -> int | None:
        """SIGTERM; the exit status. What it has logged must keep to its schema."""
        status = self.process.stop()
        broken = log_schema.faults(self.lines())
        assert not broken, "\n".join(broken[:5])
        return status

    def reload(self) -> None:
        self.process.signal(signal.SIGHUP)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{HOST}:{self.config.admin}/{path}", timeout=5) as answer:
            return answer.read().decode()

    def status(self, path: str) -> int | None:
        """The HTTP status, or None if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.config.admin}/{path}", timeout=2) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def metrics(self) -> Metrics:
        return Metrics(self.get("metrics"))

    def lines(self) -> list[dict]:
        """All JSON lines of the log."""
        whole = (line for line in self.process.log().splitlines(True) if line.endswith("\n"))
        return [json.loads(line) for line in whole if line.startswith("{")]

    def messages(self, at_least: int = 0) -> list[dict]:
        """The log line of each message, once there are so many: a client has its answer before the log has its line."""

        def find() -> list[dict] | None:
            found = [line for line in self.lines() if line.get("event") == "message"]
            return found if len(found) >= at_least else None

        return wait_for(f"{at_least} messages in the log", find) if at_least else find() or []

    def message(self, queue_id: str, timeout: float = 5.0) -> dict:
        """The log line of the message that Postfix gave that queue id."""

        def find() -> dict | None:
            return next((line for line in self.messages() if line.get("queue_id") == queue_id), None)

        return wait_for(f"a log line for {queue_id}", find, timeout)

    def __enter__(self) -> "Postseal":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()
