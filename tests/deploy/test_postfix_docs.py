"""deploy/postfix on a fresh Debian with its own Postfix: the ten minutes of the README, word for word, then each hookup."""

import re
import shlex
import smtplib
import ssl
import time

import pytest

from host import blocks, package, records
from machine import Machine, private_network
from rig import mail
from rig.place import HOST, ROOT, Place, wait_for
from rig.sink import Sink
from rig.verify import DkimPy, passed

pytestmark = pytest.mark.heavy
FOLDER = ROOT / "deploy/postfix"
OUT = "you@example.net"
UNIT = "/etc/systemd/system/postseal.socket.d"


@pytest.fixture(scope="module")
def place():
    with Place("postfix-docs") as place:
        yield place


@pytest.fixture(scope="module")
def sink():
    with private_network(), Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def machine(place, sink):
    with Machine(place.folder("machine")) as machine:
        machine.put(package(), "/root/postseal_1_amd64.deb")
        # All that a fresh Postfix needs to send without the world: no DNS, one host behind it.
        machine.run(f"postconf -e relayhost=[{HOST}]:{sink.port} smtp_dns_support_level=disabled "
                    "smtp_host_lookup=native myhostname=mail.example.com && systemctl restart postfix")  # fmt: skip
        yield machine


@pytest.fixture(scope="module")
def signer(machine) -> DkimPy:
    """The first test follows the README to here: package, key, hookup."""
    begin = time.monotonic()
    said = "".join(machine.run(f"set -e; cd /root\n{block}") for block in blocks(FOLDER / "README.md", "sh")[:4])
    file = re.search(r"^Private key: (\S+)", said, re.M)[1]
    wait_for("the key", lambda: file in machine.journal("postseal"), 30, 0.5)
    machine.walked = time.monotonic() - begin
    return DkimPy(records(said))


def test_signed_mail_in_ten_minutes(machine, sink, signer, say):
    begin = time.monotonic()
    last = machine.run(blocks(FOLDER / "README.md", "sh")[4]).splitlines()[-1]
    assert '"verdict":"accept"' in last and '"domain":"example.com"' in last, last
    assert signed(signer, sink.wait_for_subject("signed?").data)
    say(f"from nothing to signed mail: {machine.walked + time.monotonic() - begin:.0f} s of the machine's time")


def signed(verifier: DkimPy, message: bytes) -> bool:
    """All signatures verify; false if there is none."""
    verdicts = verifier.check_one(message)
    assert all(one.passed for one in verdicts), verdicts
    return passed(verdicts, "example.com", "rsa-sha256")


@pytest.fixture(scope="module")
def mailbox(machine, signer):
    """A user who can log in: Cyrus SASL in the chroot, and a certificate."""
    machine.run(r"""set -e
        mkdir -p /var/spool/postfix/etc /etc/postfix/sasl
        printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n' >/etc/postfix/sasl/smtpd.conf
        printf secret | saslpasswd2 -p -c -u example.com me
        cp /etc/sasldb2 /var/spool/postfix/etc/sasldb2
        chown root:postfix /etc/sasldb2 /var/spool/postfix/etc/sasldb2; chmod 640 /etc/sasldb2 /var/spool/postfix/etc/sasldb2
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.example.com -keyout /etc/postfix/key.pem -out /etc/postfix/cert.pem 2>&1
        postconf -X smtpd_milters non_smtpd_milters
        postconf -e smtpd_tls_cert_file=/etc/postfix/cert.pem smtpd_tls_key_file=/etc/postfix/key.pem smtpd_sasl_local_domain=example.com
        cp /etc/postfix/main.cf /root/main.cf; cp /etc/postfix/master.cf /root/master.cf
        cp /etc/postseal/postseal.toml /root/postseal.toml""")


@pytest.fixture
def hookup(machine, mailbox):
    """Puts the files of a folder where they belong, on top of a Postfix as it was."""

    def install(name: str, socket_unit: bool = True) -> None:
        machine.run(f"cp /root/main.cf /root/master.cf /etc/postfix/; cp /root/postseal.toml /etc/postseal/; rm -rf {UNIT}")
        folder = FOLDER / name
        main = machine.path("/etc/postfix/main.cf")
        main.write_text(main.read_text() + (folder / "main.cf").read_text())
        if (folder / "master.cf").exists():
            replace_services(machine, (folder / "master.cf").read_text())
        if (folder / "postseal.toml").exists():
            machine.put(folder / "postseal.toml", "/etc/postseal/postseal.toml")
        if (folder / "socket.conf").exists() and socket_unit:
            machine.put(folder / "socket.conf", f"{UNIT}/hookup.conf")
        machine.run("systemctl reset-failed")
        if not socket_unit:
            machine.run("systemctl stop postseal.socket")
        commands = blocks(FOLDER / "README.md", "text")[0]
        if not socket_unit:
            commands = commands.replace("postseal.socket ", "")
        said = machine.run("set -e\n" + commands)
        assert "warning" not in said and "error" not in said, said
        machine.run("systemctl restart postfix")  # a changed master.cf may move a service to another port
        assert machine.show("postseal.service", "ActiveState") == "active"
        assert "sockets_unused" not in machine.run("journalctl --no-pager -o cat -u postseal -n 8")

    yield install
    machine.run(f"systemctl stop postseal.socket postseal.service; rm -rf {UNIT}; systemctl daemon-reload")


def replace_services(machine, master: str) -> None:
    """Services of a master.cf take the place of those of the same name and type."""
    for name, kind in re.findall(r"^(\S+)\s+(inet|unix)\s", master, re.M):
        machine.run(f"postconf -MX {shlex.quote(f'{name}/{kind}')}", check=False)
    path = machine.path("/etc/postfix/master.cf")
    path.write_text(path.read_text() + master)


def submit(subject: str, port: int = 25, login: bool = False, sender: str = "me@example.com", to: str = OUT) -> None:
    message = mail.make(sender, to, subject, "Hello,\n\nall is well.\n")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    kind = {"context": context} if port == 465 else {}
    with (smtplib.SMTP_SSL if port == 465 else smtplib.SMTP)(HOST, port, "client.example.com", timeout=30, **kind) as client:
        if login and port != 465:
            client.starttls(context=context)
        if login:
            client.login("me@example.com", "secret")
        client.sendmail(sender, [to], message)


def local(machine, subject: str) -> None:
    text = mail.make("cron@example.com", OUT, subject).decode().replace("\r\n", "\n")
    machine.run(f"sendmail -i -f cron@example.com {OUT}", text=text)


def test_one_machine(hookup, machine, sink, signer):
    hookup("one-machine")
    submit("one by SMTP")
    local(machine, "one by sendmail")
    assert signed(signer, sink.wait_for_subject("one by SMTP").data)
    assert signed(signer, sink.wait_for_subject("one by sendmail").data)


def test_separate_ports(hookup, machine, sink, signer):
    hookup("separate-ports")
    submit("on 587", 587, login=True)
    submit("on 465", 465, login=True)
    submit("on 25")
    local(machine, "by sendmail")
    for subject in ("on 587", "on 465", "by sendmail"):
        assert signed(signer, sink.wait_for_subject(subject).data), subject
    assert not signed(signer, sink.wait_for_subject("on 25").data), "a forged From is not ours"
    with pytest.raises(smtplib.SMTPException):
        submit("not logged in", 587)


def test_content_filter(hookup, machine, sink, signer):
    """What comes back is signed as it comes back; what came from elsewhere is not, whatever its From says."""
    with Filter(10026, 10027), Filter(10024, 10025):
        hookup("content-filter")
        submit("filtered", 587, login=True)
        local(machine, "filtered by sendmail")
        submit("filtered from elsewhere")
        for subject in ("filtered", "filtered by sendmail"):
            message = sink.wait_for_subject(subject).data
            assert b"-- \r\na footer" in message and signed(signer, message), subject
            assert len(mail.signatures(message)) == 1
        message = sink.wait_for_subject("filtered from elsewhere").data
        assert b"-- \r\na footer" in message and not signed(signer, message)


class Filter(Sink):
    """A content filter: takes mail on one port, puts a footer below, hands it on to another."""

    def __init__(self, port: int, back: int):
        super().__init__()
        self.port, self.back = port, back
        self.arrivals = self

    def append(self, arrival) -> None:
        with smtplib.SMTP(HOST, self.back, "filter.example.com", timeout=30) as client:
            client.sendmail(arrival.sender, arrival.recipients, arrival.data + b"-- \r\na footer\r\n")


@pytest.mark.parametrize("name", ["unix-socket", "unix-socket-chroot"])
def test_unix_socket(hookup, machine, sink, signer, name):
    hookup(name)
    chroot = "y" if name == "unix-socket-chroot" else "n"
    machine.run(f"postconf -F smtp/inet/chroot={chroot} cleanup/unix/chroot={chroot} && systemctl restart postfix")
    check_unix_socket(machine, sink, signer, name)


def test_unix_socket_without_the_socket_unit(hookup, machine, sink, signer):
    """The folder with the setgid bit gives the socket to Postfix."""
    machine.put(FOLDER / "unix-socket-chroot/tmpfiles.conf", "/etc/tmpfiles.d/postseal-postfix.conf")
    machine.run("rm -rf /var/spool/postfix/postseal; systemd-tmpfiles --create postseal-postfix.conf")
    hookup("unix-socket-chroot", socket_unit=False)
    assert machine.run("stat -c '%U:%G %a' /var/spool/postfix/postseal/local.sock").strip() == "postseal:postfix 660"
    check_unix_socket(machine, sink, signer, "setgid folder")


def check_unix_socket(machine, sink, signer, name: str) -> None:
    submit(f"{name} by SMTP")
    local(machine, f"{name} by sendmail")
    for way in ("SMTP", "sendmail"):
        assert signed(signer, sink.wait_for_subject(f"{name} by {way}").data)
    assert ":8891" not in machine.run("ss -ltn")
    path = re.search(r'"unix:(\S+/local.sock)"', machine.path("/etc/postseal/postseal.toml").read_text())[1]
    assert machine.attempt(f"runuser -u nobody -- test -w {path}").returncode, "others may not connect"
    assert machine.attempt(f"runuser -u postfix -- test -w {path}").returncode == 0


def test_several_mail_servers(hookup, machine, sink, signer):
    """A second Postfix in the same machine, with the same main.cf, asks the same postseal on its own address."""
    machine.run("ip addr add 10.0.0.5/32 dev lo")
    try:
        hookup("several")
        machine.run(f"""set -e
            postmulti -e init; postmulti -I postfix-two -G mta -e create
            postconf -c /etc/postfix-two -e inet_interfaces=127.0.0.1 relayhost=[{HOST}]:{sink.port} \\
                smtp_dns_support_level=disabled smtp_host_lookup=native myhostname=two.example.com \\
                master_service_disable= authorized_submit_users=root mynetworks=127.0.0.0/8 compatibility_level=3.6
            postconf -c /etc/postfix-two -MX smtp/inet
            postconf -c /etc/postfix-two -M 2525/inet='2525 inet n - y - - smtpd'
            grep -v '^#' <<'END' >>/etc/postfix-two/main.cf
{(FOLDER / "several/main.cf").read_text()}END
            postmulti -i postfix-two -e enable; postmulti -i postfix-two -p start""")
        submit("first of two")
        submit("second of two", 2525)
        for subject in ("first of two", "second of two"):
            assert signed(signer, sink.wait_for_subject(subject).data), subject
    finally:
        machine.run("postmulti -i postfix-two -p stop", check=False)
        machine.run("ip addr del 10.0.0.5/32 dev lo")
