"""The migration pages: their postseal.toml loads, and signs as the configuration beside it."""

import os
import pwd
import re

import pytest

from rig import mail, smtp
from rig.keys import make_key
from rig.place import HOST, ROOT, Place, free_port, need_tool, port_is_open
from rig.postfix import Listener, Postfix
from rig.postseal import binary
from rig.process import Process
from rig.sink import Sink
from rig.verify import DkimPy

LIMITS = ROOT / "deploy/postfix/migrate-policyd-rate-limit.md"
OPENDKIM = ROOT / "deploy/postfix/migrate-opendkim.md"


def block(page, language: str) -> str:
    return re.search(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)[1]


@pytest.fixture(scope="module")
def place():
    with Place("migrate") as place:
        yield place


class Moved:
    """The page's files in a folder of their own, with ports of their own."""

    def __init__(self, place):
        self.folder = place.folder("opendkim")
        self.keys = []
        for name, domain, selector, path in re.findall(r"^(\w+) +(\S+?):(\S+?):(\S+)$", block(OPENDKIM, "keytable"), re.M):
            file = self.folder / path.removeprefix("/etc/opendkim/")
            file.parent.mkdir(parents=True)
            key = make_key(file.parent, domain, selector)
            key.file.rename(file)
            os.chown(file, pwd.getpwnam("opendkim").pw_uid, -1)
            self.keys.append(key)
        for name in ("KeyTable", "SigningTable", "TrustedHosts"):
            (self.folder / name).write_text(self.here(block(OPENDKIM, name.lower())))

    def here(self, text: str) -> str:
        return text.replace("/etc/opendkim/", f"{self.folder}/")


@pytest.fixture(scope="module")
def moved(place):
    return Moved(place)


@pytest.fixture(scope="module")
def signers(place, moved):
    """A Postfix whose port `opendkim` is signed by the one, and `postseal` by the other."""
    ports = {name: free_port() for name in ("opendkim", "submission", "local", "admin")}
    conf = place.path / "opendkim.conf"
    text = moved.here(block(OPENDKIM, "opendkim")).replace("inet:8891@", f"inet:{ports['opendkim']}@")
    # Below /tmp no key is safe for OpenDKIM.
    conf.write_text(f"{text}Syslog no\nUserID opendkim\nRequireSafeKeys no\n")
    toml = place.path / "postseal.toml"
    text = moved.here(block(OPENDKIM, "toml")).replace(":8891", f":{ports['submission']}").replace(":8892", f":{ports['local']}")
    toml.write_text(f'{text}\n[admin]\naddress = "{HOST}:{ports["admin"]}"\n')
    listeners = [
        Listener("opendkim", f"inet:{HOST}:{ports['opendkim']}"),
        Listener("postseal", f"inet:{HOST}:{ports['submission']}"),
    ]
    with Process([need_tool("opendkim"), "-f", "-x", conf], place.path / "opendkim.log") as opendkim, \
            Process([binary(), "run", "--config", toml], place.path / "postseal.log") as postseal, Sink() as sink:  # fmt: skip
        opendkim.start().wait_until("port", lambda: port_is_open(ports["opendkim"]))
        postseal.start().wait_until("port", lambda: port_is_open(ports["submission"]))
        with Postfix(place.folder("postfix"), sink.port, listeners) as postfix:
            yield postfix, sink
        opendkim.stop(0.2)  # it takes five seconds to end by itself


@pytest.mark.parametrize(
    ("sender", "signer"),
    [
        ("alice@example.com", ("example.com", "s2024")),
        ("newsletter@example.com", ("newsletter.example.com", "n1")),
        ("root@www.example.com", ("example.com", "s2024")),
        ("root@a.b.example.com", ("example.com", "s2024")),
        ("orders@shop.example", ("shop.example", "s1")),
        ("orders@eu.shop.example", None),
        ("someone@elsewhere.example", None),
    ],
)
def test_both_sign_alike(signers, moved, sender, signer):
    postfix, sink = signers
    verifier = DkimPy.for_keys(moved.keys)
    found = {}
    for name in ("opendkim", "postseal"):
        subject = f"{sender} by {name}"
        reply = smtp.submit(postfix.port(name), sender, ["you@dest.example"], mail.make(sender, "you@dest.example", subject))
        assert reply.code == 250, reply
        message = sink.wait_for_subject(subject).data
        assert all(one.passed for one in verifier.check_one(message))
        found[name] = [
            {"d": tags["d"], "s": tags["s"], "c": tags["c"], "ttl": int(tags["x"]) - int(tags["t"]),
             "from": tags["h"].lower().split(":").count("from")}  # fmt: skip
            for tags in mail.signatures(message)
        ]
    assert found["postseal"] == found["opendkim"]
    expected = [{"d": signer[0], "s": signer[1], "c": "relaxed/simple", "ttl": 604_800, "from": 2}] if signer else []
    assert found["postseal"] == expected


@pytest.fixture(scope="module")
def limiter(place):
    """The page's limits on a submission port and a port without logins; bob is its `newsletter`."""
    admin, milter = free_port(), free_port()
    toml = place.path / "limits.toml"
    text = block(LIMITS, "toml").replace('"newsletter"', '"bob@test.example"')
    toml.write_text(
        f'[[listener]]\nname = "submission"\naddress = "inet:{HOST}:{milter}"\n\n{text}\n[admin]\naddress = "{HOST}:{admin}"\n'
    )
    address = f"inet:{HOST}:{milter}"
    listeners = [Listener("submission", address, sasl=True), Listener("clients", address)]
    with Process([binary(), "run", "--config", toml], place.path / "limits.log") as postseal, Sink() as sink:
        postseal.start().wait_until("port", lambda: port_is_open(milter))
        with Postfix(place.folder("limits"), sink.port, listeners) as postfix:
            yield postfix


@pytest.mark.parametrize(
    ("port", "user", "accepted"),
    [("submission", "alice@test.example", 10), ("submission", "bob@test.example", 13), ("clients", None, 10)],
)
def test_limits_are_those_of_the_page(limiter, port, user, accepted):
    """Ten a minute; none for the one that is excepted. Nobody's use counts for another."""
    sender, to = user or "web@test.example", "you@dest.example"
    codes = [
        smtp.submit(limiter.port(port), sender, [to], mail.make(sender, to, f"{user} {number}"), user).code
        for number in range(13)
    ]
    assert codes == [250] * accepted + [450] * (13 - accepted)


def test_every_setting_named_is_one(moved):
    """What the tables call a setting of ours stands in the example."""
    example = (ROOT / "deploy/postseal.toml").read_text()
    for page in (OPENDKIM, LIMITS):
        ours = [row.split("|")[2] for row in page.read_text().splitlines() if row.startswith("| ") and "---" not in row]
        for name in re.findall(r"`([a-z][a-z_0-9]+)(?: = [^`]*)?`", "\n".join(ours)):
            known = re.search(rf"^#?{name} = |[{{,] ?{name} = |\[{name}\]", example, re.M)
            assert known, f"{page.name}: `{name}` is not in deploy/postseal.toml"
