"""A daemon that counts in a file, behind a Postfix that asks who is there: started, asked and changed by its command."""

import json
import os
import subprocess

from . import mail, smtp
from .place import Place
from .postfix import Listener, Postfix
from .postseal import Postseal, binary
from .postseal_config import Config, Milter
from .sink import Sink

DOMAIN = "test.example"
ALICE, BOB, OUT = f"alice@{DOMAIN}", f"bob@{DOMAIN}", "someone@dest.example"
RULES = """
[[rate_limit]]
name = "messages"
key = ["user"]
count = "messages"
limit = "{limit}"

[store]
url = "file:{file}"
{more}
"""


class Limited:
    """Postfix and sink stay; the daemon comes and goes."""

    def __init__(self, place: Place):
        self.place = place
        self.folder = place.folder("postseal")
        self.state = self.folder / "state.redb"
        self.milter = Milter("submission")
        self.sink = Sink()
        self.port = Listener("submission", self.milter.address, True)
        self.postfix = Postfix(place.folder("postfix"), self.sink.port, [self.port])
        self.daemon = None

    def __enter__(self) -> "Limited":
        self.sink.__enter__()
        self.postfix.__enter__()
        return self

    def __exit__(self, *exc) -> None:
        self.postfix.__exit__(*exc)
        self.sink.__exit__(*exc)

    def forget(self) -> None:
        """The daemon ends; the next one knows nothing of it."""
        if self.daemon:
            self.daemon.stop()
            self.daemon = None
        for file in (*self.folder.glob("state.redb*"), *self.folder.glob("postseal.log")):
            file.unlink()

    def config(self, limit: str, more: str = "") -> Config:
        return Config([self.milter], more=RULES.format(limit=limit, file=self.state, more=more))

    def start(
        self, limit: str = "10/1h", more: str = "", admin: str = 'socket = "admin.sock"\n', env: dict | None = None
    ) -> None:
        config = self.config(limit, more)
        self.daemon = Postseal(self.folder, config)
        self.daemon.process.env = {**os.environ, **(env or {})}
        self.daemon.write(toml(config, admin))
        self.daemon.start()

    def send(self, count: int, user: str = ALICE) -> int:
        """How many of so many messages are accepted."""
        message = mail.make(user, OUT, "state")
        return sum(smtp.submit(self.port.port, user, [OUT], message, user).code == 250 for _ in range(count))

    def limits(self, *arguments: str, code: int = 0) -> str:
        command = [binary(), "limits", *arguments, "--config", self.daemon.file]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert done.returncode == code, done
        return done.stdout + done.stderr

    def used(self) -> int:
        keys = json.loads(self.limits("show", ALICE, "--json", code=0))["keys"]
        return keys[0]["limits"][0]["used"]

    def warnings(self) -> list[str]:
        return [line.get("message", "") for line in self.daemon.lines() if line["level"] == "warn"]


def toml(config: Config, admin: str = 'socket = "admin.sock"\n') -> str:
    """Without the signer, and with a way in for the command."""
    return config.toml().replace("[dkim]\n", "").replace("[admin]\n", f"[admin]\n{admin}")
