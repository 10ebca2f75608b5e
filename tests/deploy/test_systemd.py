"""The units under a real systemd, installed as deploy/systemd/README.md says, with a real Postfix in front.

Everything runs in a machine of its own (machine.py); Postfix stands outside and shares only its network.
"""

import re
import smtplib
import time
import urllib.request

import pytest

from host import ALICE, OUT, blocks, host
from machine import Machine, private_network
from rig import mail, smtp
from rig.place import ROOT, Place, wait_for
from rig.postseal import Metrics, binary

pytestmark = pytest.mark.heavy
README = ROOT / "deploy/systemd/README.md"


@pytest.fixture(scope="module")
def place():
    with Place("systemd") as place:
        yield place


@pytest.fixture(scope="module")
def machine(place):
    with private_network(), Machine(place.folder("machine")) as machine:
        for file in (ROOT / "deploy/systemd").iterdir():
            machine.put(file, f"/root/src/deploy/systemd/{file.name}")
        machine.put(ROOT / "deploy/debian/postseal.toml", "/root/src/deploy/debian/postseal.toml")
        machine.put(binary(), "/root/src/target/release/postseal", 0o755)
        machine.run("set -e; cd /root/src\n" + blocks(README, "sh")[0])
        yield machine


@pytest.fixture(scope="module")
def here(machine, place):
    with host(machine, place) as here:
        yield here


def pid(machine) -> int:
    return int(machine.show("postseal.service", "MainPID"))


def override(machine, text: str) -> None:
    """A drop-in, as `systemctl edit` makes it; an empty one takes it away."""
    machine.write("/etc/systemd/system/postseal.service.d/override.conf", text)
    machine.run("systemctl daemon-reload")


def test_it_says_where_it_waits_when_it_is_ready(machine):
    assert machine.show("postseal.service", "ActiveState") == "active"
    assert machine.show("postseal.service", "StatusText") == "waiting for MTAs on inet:127.0.0.1:8891, inet:127.0.0.1:8892"
    status = machine.path(f"/proc/{pid(machine)}/status").read_text()
    user = machine.run("id -u postseal").strip()
    assert re.search(r"^Uid:\t(\d+)", status, re.M)[1] == user != "0"
    assert "sockets_unused" not in machine.journal("postseal")


def test_systemd_thinks_well_of_the_running_unit(machine):
    said = machine.run("systemd-analyze security --no-pager postseal.service")
    assert float(re.search(r"exposure level for postseal.service: ([\d.]+)", said)[1]) <= 1.5, said
    # Without the manual, which the package installs.
    assert machine.run("systemd-analyze verify --man=no postseal.service postseal.socket") == ""


def test_keys_made_by_root_sign(here):
    here.send("keys of root")


@pytest.fixture(autouse=True)
def no_start_counts(machine):
    """systemd refuses the sixth start in ten seconds, which is about what these tests do."""
    machine.run("systemctl reset-failed")


PROBE = """\
say() { echo "$1: $(sh -c "$2" >/dev/null 2>&1 && echo yes || echo no)"; }
say 'write to /etc/postseal' 'echo >/etc/postseal/x'
say 'write a key' 'echo >/etc/postseal/keys/x'
say 'write to /usr' 'echo >/usr/bin/x'
say 'write to /var/lib' 'echo >/var/lib/x'
say 'read a key' 'cat /etc/postseal/keys/test.example/rsa.pem'
say 'read the shadow file' 'cat /etc/shadow'
say 'look into /root' 'ls /root/src'
say 'see process 1' 'ls /proc/1'
say 'see the kernel' 'cat /proc/cmdline'
say 'find a disk' 'ls /dev/vda /dev/mem /dev/kmsg'
say 'be another user' 'unshare --user true'
say 'mount' 'mount -t tmpfs none /tmp'
say 'make a setuid file' 'touch /var/lib/postseal/s && chmod 4755 /var/lib/postseal/s'
say 'raise its limits' 'ulimit -n 1000000'
say 'write to its state' 'echo >/var/lib/postseal/x'
say 'write to its run folder' 'echo >/run/postseal/x'
"""
ALLOWED = {"read a key", "write to its state", "write to its run folder"}


def test_the_sandbox_holds(machine, here):
    """What a process in the unit can do: a probe that starts before the service, with all that the unit says."""
    machine.write("/usr/local/lib/probe.sh", PROBE)
    override(machine, "[Service]\nExecStartPre=/bin/sh -c 'sh /usr/local/lib/probe.sh >/var/lib/postseal/probe'\n")
    try:
        machine.run("systemctl restart postseal")
        answers = dict(line.rsplit(": ", 1) for line in machine.run("cat /var/lib/postseal/probe").splitlines())
    finally:
        override(machine, "")
        machine.run("rm -f /var/lib/postseal/* /run/postseal/x; systemctl restart postseal")
    assert {what for what, can in answers.items() if can == "yes"} == ALLOWED
    assert len(answers) == PROBE.count("\nsay ")


def test_reload_takes_a_good_configuration_and_refuses_a_bad_one(machine, here):
    good = machine.path("/etc/postseal/postseal.toml").read_text()
    before = pid(machine)
    try:
        machine.write("/etc/postseal/postseal.toml", good.replace("[dkim]", "[dkim]\nheader = 1"))
        assert machine.attempt("systemctl reload postseal").returncode != 0
        assert "postseal.toml" in machine.journal("postseal") and "header" in machine.journal("postseal")
        here.send("after a bad reload")
        machine.write("/etc/postseal/postseal.toml", good + '\n[log]\nlevel = "debug"\n')
        machine.run("systemctl reload postseal")
        wait_for("the reload", lambda: '"event":"reload"' in machine.journal("postseal"))
        here.send("after a good reload")
    finally:
        machine.write("/etc/postseal/postseal.toml", good)
        machine.run("systemctl reload postseal")
    assert (pid(machine), machine.show("postseal.service", "ActiveState")) == (before, "active")


def test_metrics_tell_the_start_in_the_sandbox_too(machine, here):
    """Which hides most of /proc."""
    with urllib.request.urlopen("http://127.0.0.1:9891/metrics", timeout=5) as answer:
        metrics = Metrics(answer.read().decode())
    assert 0 <= time.time() - metrics.sum("process_start_time_seconds") < 3600
    assert metrics.sum("process_resident_memory_bytes") > 1 << 20 and metrics.sum("process_open_fds") > 5


def test_one_that_hangs_is_killed_and_started_again(machine, here):
    override(machine, "[Service]\nWatchdogSec=1s\nRestartSec=100ms\n")
    try:
        machine.run("systemctl restart postseal")
        before = pid(machine)
        machine.run(f"kill -STOP {before}")
        wait_for("another process", lambda: pid(machine) not in (0, before), 30, 0.1)
        wait_for("the service", lambda: machine.show("postseal.service", "ActiveState") == "active")
        assert machine.show("postseal.service", "NRestarts") == "1"
        assert "Watchdog timeout" in machine.run("journalctl --no-pager -u postseal")
        here.send("after the watchdog")
    finally:
        override(machine, "")
        machine.run("systemctl restart postseal")


def test_one_that_crashes_is_started_again_and_nobody_is_refused(machine, here):
    """systemd holds the socket: what comes before the restart waits in it."""
    machine.run(f"kill -KILL {pid(machine)}")
    assert machine.show("postseal.service", "ActiveState") == "activating"
    here.send("right after a crash")


def test_a_configuration_with_a_mistake_is_not_tried_again(machine, here):
    good = machine.path("/etc/postseal/postseal.toml").read_text()
    try:
        machine.write("/etc/postseal/postseal.toml", "[nonsense]\n")
        assert machine.attempt("systemctl restart postseal").returncode != 0
        assert machine.show("postseal.service", "ExecMainStatus") == "78"
        assert machine.show("postseal.service", "ActiveState") == "failed"
        assert machine.show("postseal.service", "NRestarts") == "0"
        # Who connects starts it again, in vain, until systemd gives up on the socket. Nothing is let through unsigned.
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            smtp.Client(here.port, ALICE)
        assert refused.value.smtp_code // 100 == 4
        wait_for("systemd to give up", lambda: machine.show("postseal.socket", "ActiveState") == "failed")
    finally:
        machine.write("/etc/postseal/postseal.toml", good)
        machine.run("set -e\n" + blocks(README, "text")[0])
    assert machine.show("postseal.socket", "ActiveState") == "active"
    here.send("mended")


def test_a_message_in_flight_is_finished_at_the_end(machine, here):
    with smtp.Client(here.port, ALICE) as client:
        for command in (f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{OUT}>"):
            assert client.smtp.docmd(command)[0] == 250
        machine.run("systemctl stop --no-block postseal.service")
        wait_for("the end to begin", lambda: machine.show("postseal.service", "ActiveState") == "deactivating")
        code, text = client._data(mail.make(ALICE, OUT, "in flight"))
        assert code == 250, text
    here.assert_signed("in flight")
    wait_for("the end", lambda: machine.show("postseal.service", "ActiveState") == "inactive")
    assert machine.show("postseal.service", "Result") == "success"
    assert "every message in flight got its reply" in machine.journal("postseal")


def test_the_socket_starts_the_service(machine, here):
    assert machine.show("postseal.service", "ActiveState") == "inactive"
    here.send("wakes it up")
    assert machine.show("postseal.service", "ActiveState") == "active"


def test_it_works_without_the_socket_unit(machine, here):
    machine.run("systemctl stop postseal.service postseal.socket; systemctl start postseal.service")
    assert machine.show("postseal.socket", "ActiveState") == "inactive"
    here.send("without the socket unit")
    machine.run("systemctl stop postseal.service; systemctl start postseal.socket postseal.service")


def test_a_key_as_a_credential(machine, here):
    """As the README writes it, with the names of the test."""
    unit, settings = blocks(README, "ini")[0], blocks(README, "toml")[0]
    good = machine.path("/etc/postseal/postseal.toml").read_text()
    names = lambda text: text.replace("s2026", "rsa").replace("example.com", "test.example")  # noqa: E731
    machine.run("mkdir -p /root/keys; cp /etc/postseal/keys/test.example/rsa.pem /root/keys/test.example.rsa.pem; chmod 600 /root/keys/*")
    override(machine, names(unit))
    try:
        machine.write("/etc/postseal/postseal.toml", good.replace('key_dir = "keys"', "") + names(settings))
        machine.run("systemctl restart postseal")
        assert smtp.submit(here.port, ALICE, [OUT], mail.make(ALICE, OUT, "credential"), ALICE).code == 250
        verdicts = here.verifier.check_one(here.sink.wait_for_subject("credential").data)
        assert [(one.selector, one.passed) for one in verdicts] == [("rsa", True)]
    finally:
        override(machine, "")
        machine.write("/etc/postseal/postseal.toml", good)
        machine.run("systemctl restart postseal")
