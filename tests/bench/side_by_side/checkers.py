"""The candidates again, with what each knows of broken header sections: checks, and signatures as before."""

import shutil
from pathlib import Path

from rig.keys import Key
from rig.place import HOST, need_tool, port_is_open
from rig.process import Process

from . import measure
from .servers import DOMAIN, Postseal, Rspamd, Server


class CheckingPostseal(Postseal):
    """All checks and repairs, with their defaults."""

    name = "postseal, checks"
    more = "[header_checks]\n"


class CheckingRspamd(Rspamd):
    """The rules about header fields that come with it: they only score."""

    name = "rspamd, header rules"
    filters = "dkim,regexp"
    rules = "config['regexp'] = {}\n" + "".join(
        f"dofile('/usr/share/rspamd/rules/{name}.lua')\n"
        for name in ("regexp/headers", "headers_checks", "subject_checks", "mid")
    )


class Amavisd(Server):
    """amavisd-new behind amavisd-milter: bad-header checks and signatures, no scanners."""

    name = "amavisd-new"
    patience = 60.0

    def __init__(self, folder: Path, key: Key, unix: bool = False):
        super().__init__(folder, key, unix)
        self.socket = self.run / "milter.sock"
        self.daemon = Process(self._daemon(), self.folder / "amavisd.log")

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def _daemon(self) -> list:
        key = self.run / "key.pem"
        for path in (self.run, *(self.run / name for name in ("tmp", "db", "work"))):
            path.mkdir(mode=0o750)
            shutil.chown(path, "amavis", "amavis")
        key.write_bytes(self.key.file.read_bytes())
        shutil.chown(key, "amavis", "amavis")
        file = self.folder / "amavisd.conf"  # must not be where amavisd can write
        file.write_text(AMAVISD.format(dir=self.run, domain=DOMAIN, selector=self.key.selector, key=key))
        return [need_tool("amavisd", "bench"), "-c", file, "foreground"]

    def command(self) -> list:
        listen = f"inet:{self.port}@{HOST}" if self.port else f"unix:{self.socket}"
        return [
            need_tool("setpriv", "bench"), "--reuid=amavis", "--regid=amavis", "--clear-groups",
            need_tool("amavisd-milter", "bench"), "-f", "-m", "10", "-p", self.run / "milter.pid", "-w", self.run / "work",
            "-s", listen, "-S", self.run / "amavisd.sock",
        ]  # fmt: skip

    def cpu_ns(self) -> int:
        return super().cpu_ns() + measure.cpu_ns(self.daemon.pid)

    def listens(self) -> bool:
        return port_is_open(self.port) if self.port else self.socket.exists()

    def __enter__(self) -> "Amavisd":
        self.daemon.start()
        self.daemon.wait_until("its socket", (self.run / "amavisd.sock").exists, self.patience)
        return super().__enter__()

    def __exit__(self, *exc) -> None:
        super().__exit__(*exc)
        self.daemon.stop(5.0)


AMAVISD = """\
use strict;
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$max_servers = 10;
$max_requests = 10000;
$mydomain = '{domain}';
$myhostname = 'mta.{domain}';
$MYHOME = '{dir}';
$TEMPBASE = '{dir}/tmp';
$db_home = '{dir}/db';
$helpers_home = '{dir}/work';
$pid_file = '{dir}/amavisd.pid';
$lock_file = '{dir}/amavisd.lock';
$unix_socketname = '{dir}/amavisd.sock';
$inet_socket_port = undef;
$enable_db = 0;
$enable_zmq = 0;
$nanny_details_level = 0;
$do_syslog = 0;
$LOGFILE = '{dir}/amavisd.messages';
$log_level = 0;
$QUARANTINEDIR = undef;
@bypass_virus_checks_maps = (1);
@bypass_spam_checks_maps = (1);
@bypass_banned_checks_maps = (1);
@bypass_header_checks_maps = (0);
$final_bad_header_destiny = D_PASS;
$bad_header_quarantine_method = undef;
$enable_dkim_signing = 1;
$enable_dkim_verification = 0;
dkim_key('{domain}', '{selector}', '{key}');
@dkim_signature_options_bysender_maps = ({{ '.' => {{ ttl => 7*24*3600, c => 'relaxed/relaxed' }} }});
$interface_policy{{'SOCK'}} = 'AM.PDP-SOCK';
$policy_bank{{'AM.PDP-SOCK'}} = {{ protocol => 'AM.PDP', originating => 1, auth_required_release => 0 }};
1;
"""
