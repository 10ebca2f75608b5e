"""SpamAssassin's own rules about many messages: Perl's Mail::SpamAssassin in a process or two, without any network."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .corpus import Message
from .place import CACHE, MissingTool, Place, need_tool

SCRIPT = Path(__file__).with_name("spamassassin.pl")
KEPT = CACHE / "spamassassin.json"


class SpamAssassin:
    """Use as a context manager: the Perl process ends with it."""

    def __init__(self, folder: Path):
        command = [need_tool("perl"), str(SCRIPT), str(folder)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def rules(self, message: bytes) -> list[str]:
        """The names of the rules that the message hits; those that begin with `__` are parts of others."""
        self.child.stdin.write(b"%d\n%s" % (len(message), message))
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise MissingTool("Mail::SpamAssassin with its rules", "corpus")
        return sorted(set(line.decode().split()))

    def __enter__(self) -> "SpamAssassin":
        return self

    def __exit__(self, *_exc) -> None:
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()


def version() -> str:
    command = [need_tool("spamassassin", "corpus"), "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]


def rules(messages: tuple[Message, ...], processes: int = 2) -> dict[str, list[str]]:
    """What each message hits, by its name. It takes a quarter of an hour and is kept for the next time."""
    wanted = [version(), len(messages)]
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if kept.get("of") != wanted:
        kept = {"of": wanted, "rules": _ask(messages, processes)}
        KEPT.write_text(json.dumps(kept))
    return kept["rules"]


def _ask(messages: tuple[Message, ...], processes: int) -> dict[str, list[str]]:
    def some(first: int) -> list[tuple[str, list[str]]]:
        with Place("spamassassin") as place, SpamAssassin(place.path) as judge:
            return [(one.name, judge.rules(one.data)) for one in messages[first::processes]]

    with ThreadPoolExecutor(processes) as pool:
        return dict(pair for part in pool.map(some, range(processes)) for pair in part)
