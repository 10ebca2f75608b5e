"""main.cf and master.cf of the private Postfix. Every path that it writes to is below its own folder."""

# What `postfix check` would make too, but it takes seconds. The open ones belong to the group postdrop.
FOLDERS = {
    "data": 0o700,
    **{f"queue/{name}": 0o700 for name in ("incoming", "active", "deferred", "defer", "bounce", "hold", "corrupt")},
    **{f"queue/{name}": 0o700 for name in ("flush", "saved", "trace", "private")},
    "queue/public": 0o710,
    "queue/maildrop": 0o730,
}

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
default_privs = nobody
multi_instance_name = postfix-{name}
syslog_name = postfix
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mta.test.example
myorigin = test.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
mynetworks = 127.0.0.0/8
# all mail goes to the sink: no DNS, no delivery outside loopback
relayhost = [127.0.0.1]:{relay}
default_transport = smtp
smtp_host_lookup = native
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_destination_concurrency_limit = 20
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
# SASL: Debian's smtpd reads <config_directory>/sasl/smtpd.conf
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = test.example
milter_default_action = tempfail
milter_protocol = 6
"""

MASTER = """\
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN CRAM-MD5
sasldb_path: {folder}/sasl/sasldb2
"""


def service(port: int, name: str, milters: str, sasl: bool, options: dict[str, str]) -> str:
    """One smtpd service of master.cf."""
    settings = {"syslog_name": f"postfix/{name}", "smtpd_milters": milters}
    if sasl:
        settings |= {
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_tls_auth_only": "no",
            "smtpd_recipient_restrictions": "permit_sasl_authenticated,reject",
            "milter_macro_daemon_name": "ORIGINATING",
        }
    settings |= options
    lines = [f"127.0.0.1:{port} inet n - n - 100 smtpd"]
    lines += [f"  -o {{ {key} = {value} }}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"
