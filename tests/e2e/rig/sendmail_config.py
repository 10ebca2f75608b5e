"""The sendmail.mc of the private Sendmail."""

import re

from .place import ROOT

MC = """\
divert(-1)
divert(0)
include(`{cf}/m4/cf.m4')dnl
VERSIONID(`e2e')dnl
OSTYPE(`linux')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`confPID_FILE', `{folder}/sendmail.pid')dnl
define(`confCONTROL_SOCKET_NAME', `')dnl
define(`STATUS_FILE', `{folder}/status')dnl
define(`HELP_FILE', `{folder}/helpfile')dnl
define(`ALIAS_FILE', `')dnl
define(`confDOMAIN_NAME', `sm.test.example')dnl
define(`confDONT_PROBE_INTERFACES', `true')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/service.switch')dnl
define(`confHOSTS_FILE', `/etc/hosts')dnl
define(`confTO_IDENT', `0')dnl
define(`confDEF_USER_ID', `nobody:nogroup')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,AssumeSafeChown')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confDELAY_LA', `1000')dnl
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {relay}')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
undefine(`ALIAS_FILE')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port={port}')dnl
{more}{milter}MAILER(`smtp')dnl
"""


def milter(socket: str) -> str:
    """The hookup as deploy/sendmail has it, for that socket."""
    name = "unix-socket.m4" if socket.startswith("local:") else "postseal.m4"
    text = (ROOT / "deploy/sendmail" / name).read_text()
    hook, found = re.subn(r"`S=[^,]*,", f"`S={socket},", text)
    assert found == 1, text
    return hook


SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
sasldb_path: {folder}/sasldb2
"""

# Sendmail logs to /dev/log only and sleeps a minute if its host name has no dot: private namespaces give it both
# without a change outside.
RUN = """\
set -e
hostname sm.test.example
mount --bind {folder}/hosts /etc/hosts
mount --bind {folder}/sasl /usr/lib/sasl2
exec {binary} -C {folder}/sendmail.cf -bD -q1m -X {folder}/traffic.log
"""
