"""Messages with thousands of fields that have to be repaired: what they cost a real Postfix."""

import os
from pathlib import Path

import pytest

from conftest import DOMAIN
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sink import Sink
from rig.smtp import submit
from rig.world import World

ALICE, OUT = f"alice@{DOMAIN}", "someone@dest.example"


@pytest.fixture(scope="module")
def here(place, keys):
    config = Config(
        [Milter("submission")], [domain(DOMAIN, keys)], origin={"networks": ["127.0.0.0/8"]},
        more='[header_checks]\noversized_header = "off"\n',
    )  # fmt: skip
    daemon = Postseal(place.folder("postseal"), config)
    ports = [Listener("submission", daemon.milter("submission"))]
    with Sink() as sink, daemon, Postfix(place.folder("postfix"), sink.port, ports, header_size_limit="2000000") as postfix:
        yield World(daemon, postfix, sink)


def message(faulty: int, sound: int) -> bytes:
    fields = [f"From: <{ALICE}>", f"To: <{OUT}>", "Subject: x", "Date: Tue, 14 Nov 2023 22:13:20 +0000"]
    fields += [f"Message-ID: <{faulty}.{sound}@{DOMAIN}>"]
    # Postfix searches from the top: the last fields cost most.
    fields += [f"X-{'b' * 80}-{at}: u" for at in range(sound)] + [f"X-{'a' * 80}-{at}: \u00fc" for at in range(faulty)]
    return "\r\n".join([*fields, "", "Hello", ""]).encode()


def cleanup_seconds(postfix: Postfix) -> float:
    """CPU time of all cleanup processes of this Postfix."""
    master, ticks = str(postfix.process.pid), 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(") ")
        except OSError:
            continue
        values = rest.split()
        if name.endswith("(cleanup") and values[1] == master:
            ticks += int(values[11]) + int(values[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("faulty", "sound", "code"), [(9900, 0, 550), (101, 9700, 550), (100, 9700, 250), (100, 0, 250)])
def test_no_number_of_repairs_keeps_postfix_busy(here, faulty, sound, code):
    before = cleanup_seconds(here.postfix)
    reply = submit(here.submission, ALICE, [OUT], message(faulty, sound))
    spent = cleanup_seconds(here.postfix) - before
    print(f"{faulty} faulty fields, {sound} others: {reply.code}, cleanup {spent:.2f} s CPU")
    assert reply.code == code and spent < 1.0, (reply, spent)
    if code == 550:
        assert reply.text.count("many_repairs") == 1 and "raw_8bit_header" not in reply.text, reply
    else:
        here.postfix.wait_empty()
        assert b"X-Postseal-Fixed: raw_8bit_header" in here.sink.arrivals[-1].data
