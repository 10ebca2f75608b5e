"""The Debian package in a fresh Debian: installed, started, upgraded under load, removed, purged."""

import subprocess

import pytest

from host import ALICE, BOTH, DOMAIN, Host, blocks, host, package
from machine import Machine, private_network
from rig.crowd import Crowd, numbered
from rig.ledger import balance
from rig.place import ROOT, Place, need_tool, wait_for

pytestmark = pytest.mark.heavy
SYSTEMD = ROOT / "deploy/systemd/README.md"
MESSAGES, RATE, CLIENTS = 1000, 100, 20


@pytest.fixture(scope="module")
def place():
    with Place("package") as place:
        yield place


@pytest.fixture(scope="module")
def packages():
    """The package, and the next version of it."""
    return package(), package("99.1")


@pytest.fixture(scope="module")
def machine(place, packages):
    with private_network(), Machine(place.folder("machine")) as machine:
        for file, name in zip(packages, ("old", "new")):
            machine.put(file, f"/root/{name}.deb")
        machine.run("apt-get install -y /root/old.deb")
        yield machine


@pytest.fixture(scope="module")
def here(machine, place):
    with host(machine, place) as here:
        yield here


@pytest.fixture(autouse=True)
def no_start_counts(machine):
    """systemd refuses the sixth start in ten seconds, which is about what these tests do."""
    machine.run("systemctl reset-failed")


def state(machine, unit: str = "postseal.service") -> str:
    return machine.show(unit, "ActiveState")


def pid(machine) -> str:
    return machine.show("postseal.service", "MainPID")


def test_lintian_is_content(packages):
    # The address of the maintainer is the builder's affair.
    command = [need_tool("lintian", "deploy"), "--fail-on", "error,warning", "--allow-root",
               "--suppress-tags", "bogus-mail-host,bogus-mail-host-in-debian-changelog", packages[0]]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stdout, done.stdout + done.stderr


def test_it_runs_once_it_is_installed(machine):
    assert (state(machine), state(machine, "postseal.socket")) == ("active", "active")
    assert machine.run("systemctl is-enabled postseal.service postseal.socket").split() == ["enabled", "enabled"]
    assert machine.run("stat -c '%U:%G %a' /etc/postseal/keys /etc/postseal").split("\n")[:2] == ["root:postseal 2750", "root:root 755"]
    assert machine.run("getent passwd postseal").strip().endswith(":/var/lib/postseal:/usr/sbin/nologin")
    assert "postseal" in machine.run("postseal --version")
    assert machine.run("systemd-analyze verify --man=no postseal.service postseal.socket") == ""


def test_mail_is_signed(here):
    here.send("packaged")


@pytest.mark.parametrize("per_connection", [1, 50])
def test_an_upgrade_loses_no_mail_and_signs_all(here: Host, say, per_connection):
    """1,000 numbered messages, and the package changes twice meanwhile."""
    machine = here.machine
    recipients = ["sink@dest.example"]
    crowd = Crowd(here.port, ALICE, lambda seq: numbered(seq, ALICE), recipients, RATE, CLIENTS, per_connection)
    before = len(here.sink.arrivals)
    crowd.start()
    processes = {pid(machine)}
    try:
        for at, name in enumerate(("new", "old"), 1):
            wait_for("load", lambda at=at: len(crowd.sent) > at * MESSAGES / 5, 60)
            machine.run("systemctl reset-failed")
            said = machine.run(f"dpkg -i /root/{name}.deb")
            assert "not restarted" not in said, said
            processes.add(pid(machine))
        wait_for("all messages", lambda: len(crowd.sent) >= MESSAGES, 120)
    finally:
        crowd.stop()
    here.postfix.wait_empty(120)
    arrivals = here.sink.arrivals[before:]
    result = balance(crowd, arrivals, here.verifier, BOTH, DOMAIN)
    say(f"two upgrades under load, {per_connection} messages a connection: {result}")
    result.assert_whole()
    assert len(processes) == 3, "each upgrade has started the new version"
    # A session of one message is always finished. One that goes on and on is cut between two messages.
    assert result.tempfailed == 0 or per_connection > 1


def test_a_changed_configuration_stays(machine):
    file = machine.path("/etc/postseal/postseal.toml")
    changed = file.read_text() + '\n[log]\nlevel = "debug"\n'
    file.write_text(changed)
    machine.run("dpkg -i /root/new.deb")
    assert file.read_text() == changed


def test_a_configuration_that_the_new_version_refuses_leaves_the_old_one_running(machine, here):
    file = machine.path("/etc/postseal/postseal.toml")
    good = file.read_text()
    before = pid(machine)
    try:
        file.write_text(good.replace("[dkim]", "[dkim]\nsometimes = true"))
        said = machine.run("dpkg -i /root/old.deb")
        assert "sometimes" in said and "not restarted" in said, said
        here.send("the version before goes on")
        assert pid(machine) == before
    finally:
        file.write_text(good)
        machine.run("systemctl restart postseal")


def test_an_upgrade_finds_keys_that_are_credentials(machine):
    unit, settings = blocks(SYSTEMD, "ini")[0], blocks(SYSTEMD, "toml")[0]
    file, drop_in = machine.path("/etc/postseal/postseal.toml"), "/etc/systemd/system/postseal.service.d/keys.conf"
    good = file.read_text()
    machine.run("""mkdir -p /root/keys && chmod 700 /root/keys
        cp /etc/postseal/keys/test.example/rsa.pem /root/keys/example.com.s2026.pem; chmod 600 /root/keys/*""")
    try:
        machine.write(drop_in, unit)
        file.write_text(good.replace('key_dir = "keys"', "") + settings)
        machine.run("systemctl daemon-reload; systemctl restart postseal")
        before = pid(machine)
        said = machine.run("dpkg -i /root/new.deb")
        assert "not restarted" not in said and pid(machine) != before, said
    finally:
        file.write_text(good)
        machine.run(f"rm {drop_in}; systemctl daemon-reload; systemctl restart postseal")


def test_a_service_that_was_stopped_stays_stopped(machine):
    machine.run("systemctl stop postseal.socket postseal.service; dpkg -i /root/new.deb")
    assert (state(machine), state(machine, "postseal.socket")) == ("inactive", "inactive")
    machine.run("systemctl start postseal.socket postseal.service")


def test_removed_it_is_gone_and_what_people_wrote_stays(machine):
    machine.run("touch /var/lib/postseal/state; dpkg -r postseal")
    assert (state(machine), state(machine, "postseal.socket")) == ("inactive", "inactive")
    assert ":8891" not in machine.run("ss -ltn")
    assert machine.path("/etc/postseal/postseal.toml").exists()
    assert machine.path("/var/lib/postseal/state").exists()


def test_installed_again_it_runs_again(machine):
    """dpkg calls that an upgrade of what was removed."""
    machine.run("apt-get install -y /root/old.deb")
    assert (state(machine), state(machine, "postseal.socket")) == ("active", "active")


def test_purged_nothing_is_left_but_keys(machine):
    said = machine.run("dpkg -P postseal")
    assert "the keys in /etc/postseal/keys stay" in said
    assert machine.run("find / -xdev -name '*postseal*' -not -path '/root/*' -not -path '/proc/*' -not -path '/old/*'").split() == ["/etc/postseal"]
    assert sorted(machine.run("find /etc/postseal -type f").split()) == [
        "/etc/postseal/keys/test.example/ed.pem", "/etc/postseal/keys/test.example/rsa.pem"]  # fmt: skip


def test_purged_without_keys_nothing_is_left(machine):
    machine.run("rm -r /etc/postseal; apt-get install -y /root/old.deb; dpkg -P postseal")
    left = machine.run("find / -xdev -name '*postseal*' -not -path '/root/*' -not -path '/proc/*' -not -path '/old/*'")
    assert left == ""
