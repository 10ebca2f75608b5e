"""The candidates: each signs the mail of one domain with the same RSA-2048 key, relaxed/relaxed, and nothing else."""

import shutil
import subprocess
import threading
from pathlib import Path

from rig.keys import Key
from rig.place import HOST, free_port, need_tool, port_is_open
from rig.postseal import Postseal as Daemon
from rig.postseal import binary
from rig.postseal_config import Config, Milter, domain
from rig.process import Process

from . import measure

DOMAIN = "bench.example"


class Server:
    """A milter that runs; `unix` puts it on a socket file instead of a port. Leaving the context stops it."""

    name = ""
    patience = 30.0

    def __init__(self, folder: Path, key: Key, unix: bool = False):
        self.folder = folder / f"{self.name}-{'unix' if unix else 'inet'}"
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.key = key
        self.port = None if unix else free_port()
        self.socket = self.folder / "milter.sock"
        self.process = Process(self.command(), self.folder / "log")

    def command(self) -> list:
        raise NotImplementedError

    @property
    def address(self) -> str:
        return f"inet:{HOST}:{self.port}" if self.port else f"unix:{self.socket}"

    def listens(self) -> bool:
        return port_is_open(self.port) if self.port else self.socket.exists()

    def cpu_ns(self) -> int:
        return measure.cpu_ns(self.process.pid)

    def memory(self) -> measure.Memory:
        return measure.memory(self.process.pid)

    def __enter__(self) -> "Server":
        self.process.start()
        self.process.wait_until("listening", self.listens, self.patience)
        return self

    def __exit__(self, *_exc) -> None:
        self.process.stop(1.0)


class Postseal(Server):
    name = "postseal"
    more = ""

    def command(self) -> list:
        milter = Milter("submission", socket=None if self.port else self.socket)
        if self.port:
            milter.port = self.port
        config = Config([milter], [domain(DOMAIN, [self.key])], more="[limits]\nconnections = 20000\n" + self.more)
        self.daemon = Daemon(self.folder, config)
        return self.daemon.process.command

    def listens(self) -> bool:
        return self.daemon.status("readyz") == 200


class Unwatched(Postseal):
    """Says nothing of the messages, and nobody looks. (Counting can't be switched off.)"""

    name = "unwatched"

    def command(self) -> list:
        return [*super().command(), "--set", "log.level=error", "--set", "admin.status_page=false"]


class Watched(Postseal):
    """A line for each message, a scrape every second and an open status page."""

    name = "watched"

    def __enter__(self) -> "Watched":
        super().__enter__()
        self.leave = threading.Event()
        self.eyes = [threading.Thread(target=self._look, args=look) for look in [("metrics", 1.0), ("api/status", 2.0)]]
        for eye in self.eyes:
            eye.start()
        return self

    def _look(self, path: str, period: float) -> None:
        while not self.leave.wait(period):
            self.daemon.get(path)

    def __exit__(self, *exc) -> None:
        self.leave.set()
        for eye in self.eyes:
            eye.join()
        super().__exit__(*exc)


class OpenDkim(Server):
    name = "opendkim"

    def command(self) -> list:
        file = self.folder / "opendkim.conf"
        file.write_text(
            f"Syslog no\nMode s\nDomain {DOMAIN}\nSelector {self.key.selector}\nKeyFile {self.key.file}\n"
            f"Socket {f'inet:{self.port}@{HOST}' if self.port else f'local:{self.socket}'}\n"
            "UserID root\nRequireSafeKeys no\nCanonicalization relaxed/relaxed\n"
        )
        return [need_tool("opendkim", "bench"), "-f", "-x", file]


class Rspamd(Server):
    """One worker that speaks milter and does the work itself, with no module but dkim_signing."""

    name = "rspamd"
    patience = 90.0
    filters = "dkim"
    rules = "-- none\n"

    def command(self) -> list:
        key = self.folder / "key.pem"  # of its own user
        key.write_bytes(self.key.file.read_bytes())
        shutil.chown(key, "_rspamd")
        key.chmod(0o400)
        bind = f"{HOST}:{self.port}" if self.port else f"{self.socket} mode=0666"
        signing = RSPAMD_SIGNING.format(key=key, selector=self.key.selector, domain=DOMAIN)
        return rspamd_command(self.folder, bind, signing, self.filters, self.rules)


def rspamd_command(folder: Path, bind: str, modules: str, filters: str = "", rules: str = "-- none\n") -> list:
    """Writes the configuration of a worker that has these modules and no others."""
    folder.chmod(0o777)
    (folder / "rules.lua").write_text(rules)
    file = folder / "rspamd.conf"
    file.write_text(RSPAMD.format(dir=folder, bind=bind, filters=filters) + modules)
    return [need_tool("rspamd", "bench"), "-f", "-i", "-u", "_rspamd", "-g", "_rspamd", "-c", file]


RSPAMD = """\
options {{
  filters = "{filters}";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.5s; retransmits = 1; }}
  pidfile = false;
  tempdir = "{dir}";
  hs_cache_dir = "{dir}";
  cache_file = "{dir}/symbols.cache";
}}
logging {{ type = "file"; filename = "{dir}/rspamd.log"; level = "warning"; }}
worker "rspamd_proxy" {{
  bind_socket = "{bind}";
  milter = true;
  timeout = 120s;
  upstream "local" {{ default = true; self_scan = true; }}
  count = 1;
}}
worker "normal" {{ enabled = false; }}
worker "controller" {{ enabled = false; }}
lua = "{dir}/rules.lua";
actions {{ reject = 1000; add_header = 500; greylist = 400; }}
"""

RSPAMD_SIGNING = """\
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim_signing {{
  sign_authenticated = true;
  use_domain = "header";
  use_esld = false;
  allow_username_mismatch = true;
  check_pubkey = false;
  domain {{ "{domain}" {{ path = "{key}"; selector = "{selector}"; }} }}
}}
"""

# As many leaky buckets as postseal has rules, by the same keys.
RSPAMD_LIMITS = """\
modules {{ path = "/usr/share/rspamd/plugins/ratelimit.lua"; }}
redis {{ servers = "{host}:{port}"; }}
ratelimit {{
  rates {{
    by_user {{ selector = "user.lower"; bucket {{ burst = 100000000; rate = "100000000 / 1h"; }} }}
    by_client {{ selector = "ip"; bucket {{ burst = 100000000; rate = "100000000 / 1h"; }} }}
    by_sender {{ selector = "from('smtp'):addr"; bucket {{ burst = 100000000; rate = "100000000 / 1h"; }} }}
    by_domain {{ selector = "from('smtp'):domain"; bucket {{ burst = 100000000; rate = "100000000 / 1h"; }} }}
  }}
}}
"""

ALL = [Postseal, OpenDkim, Rspamd]


def versions() -> list[str]:
    """One line each."""
    lines = [_first_line([binary(), "--version"])]
    for tool, flag in [("opendkim", "-V"), ("rspamd", "--version"), ("openssl", "version")]:
        if path := shutil.which(tool, path="/usr/bin:/usr/sbin"):
            lines.append(_first_line([path, flag]))
    return lines


def _first_line(command: list) -> str:
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    return (run.stdout or run.stderr).strip().splitlines()[0]
