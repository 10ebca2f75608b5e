"""Dialogues with the daemon that no MTA can be made to hold: odd packets, cut segments, ends in the middle.

Numbers of quirks are those that tests/miltertest/ uses too.
"""

import signal
import struct
import threading

import pytest

from conftest import DOMAIN
from rig.mta import ALICE, FIELDS, LEADING_SPACE, Answer, Closed, Mta, as_delivered, macros, packet
from rig.place import wait_for
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.verify import passed

BODY = b"Hello,\r\n\r\nall is well. \r\n\r\n\r\n"


@pytest.fixture(scope="module")
def daemon(place, keys):
    config = Config(
        [Milter("submission")], [domain(DOMAIN, keys)], origin={"authenticated": True, "networks": ["::1/128"]}
    )
    with Postseal(place.folder("postseal"), config) as daemon:
        yield daemon


@pytest.fixture
def mta(daemon):
    with Mta(daemon.config.milters[0].port) as mta:
        yield mta


@pytest.fixture
def assert_valid(verifiers):
    def check(answer: Answer, body: bytes = BODY, fields=None) -> None:
        assert answer.final == b"a", answer
        verdicts = verifiers.dkimpy.check_one(as_delivered(answer, body, fields))
        for algorithm in (verifiers.RSA, verifiers.ED25519):
            assert passed(verdicts, DOMAIN, algorithm), "; ".join(map(str, verdicts))

    return check


def test_a_plain_dialogue(mta, assert_valid):
    mta.negotiate()
    mta.hello()
    answer = mta.message(BODY)
    assert_valid(answer)
    assert [command for command, _ in answer.edits] == [b"i", b"i"], "only insertions"
    assert all(index <= 1 and b"\r" not in value and value[:1] == b" " for index, _, value in answer.inserted())
    assert mta.silent(), "one final reply, nothing after it"


def test_quirk_01_empty_and_odd_macro_packets(mta, assert_valid):
    mta.negotiate()
    for stage in b"CHMRTNELBUZ":
        mta.write(packet(b"D", bytes([stage])))
    mta.write(packet(b"D", b"Mi\0ABC\0odd"))
    assert mta.silent(), "macros get no reply"
    mta.hello()
    mta.envelope()
    mta.write(packet(b"D", b"L") + packet(b"D", b"Bi\0ABC\0"))
    mta.content([BODY])
    assert_valid(mta.finish())


@pytest.mark.parametrize(
    ("connect", "ours"),
    [
        (b"h\x006\x30\x39IPv6:::1\0", True),
        (b"h\x006\x30\x39ipv6:::1\0", True),
        (b"h\x006\x30\x39IPv6:0:0:0:0:0:0:0:1\0", True),
        (b"h\x006\x30\x39::1\0", True),
        (b"h\x006\0\0::1\0", True),
        (b"h\x006\x30\x39not an address\0", False),
        (b"h\x004\x30\x39IPv6:2001:db8::1\0", False),
        (b"[192.0.2.9]\x004\0\x00192.0.2.9\0", False),
        (b"h\0L\0\0/run/socket\0", False),
        (b"h\0U", False),
        (b"\0U", False),
    ],
)
def test_quirk_02_client_addresses(mta, assert_valid, connect, ours):
    mta.negotiate()
    mta.hello(connect)
    mta.envelope(login={})
    mta.content([BODY])
    answer = mta.finish()
    if ours:
        assert_valid(answer)
    else:
        assert (answer.final, answer.edits) == (b"a", [])


def test_quirk_05_one_final_reply_when_all_is_pipelined(mta, assert_valid):
    mta.negotiate(steps=0x7F)  # no waivers: each command is answered
    message = macros(b"M", ALICE) + packet(b"M", b"<alice@test.example>\0") + packet(b"R", b"<someone@dest.example>\0")
    for name, value in FIELDS:
        message += packet(b"L", name + b"\0" + value[1:] + b"\0")
    message += packet(b"N") + packet(b"B", BODY)
    mta.write(packet(b"C", b"h\x004\x30\x39192.0.2.9\0") + packet(b"H", b"h\0") + message + packet(b"E"))
    for _ in range(2 + 2 + len(FIELDS) + 2):
        assert mta.read() == (b"c", b"")
    first = mta.answer()
    mta.write(message + packet(b"E"))
    for _ in range(2 + len(FIELDS) + 2):
        assert mta.read() == (b"c", b"")
    second = mta.answer()
    assert mta.silent()
    for answer in (first, second):
        assert answer.final == b"a" and len(answer.inserted()) == 2


def test_quirk_10_bytes_of_a_field_as_negotiated(mta, assert_valid):
    """Odd white space reaches the signature as it is."""
    fields = [
        *FIELDS[:2],
        (b"Subject", b"no space"),
        (b"X-A", b"  two"),
        (b"References", b"\r\n <x>"),
        (b"Cc", b" a@b,\r\n\tc@d "),
        *FIELDS[3:],
    ]
    mta.negotiate()
    mta.hello()
    assert_valid(mta.message(BODY, fields), fields=fields)


def test_quirks_20_and_21_asks_for_its_macros(mta):
    mta.negotiate()
    assert {"{auth_authen}"} <= set(mta.wanted[2]), "MAIL: who has logged in"
    assert ("i" in mta.wanted.get(5, [])) == ("i" in mta.wanted.get(6, [])), "end of header and of message together"
    assert set(mta.wanted) <= set(range(7)) and all(mta.wanted.values()), "known stages, no empty list"


def test_quirk_22_queue_id_that_comes_late(daemon, mta):
    mta.negotiate()
    mta.hello()
    mta.envelope()
    mta.content([BODY])
    mta.write(macros(b"E", {"i": "LATE123"}))
    mta.finish()
    assert daemon.message("LATE123")["signatures"]


@pytest.mark.parametrize("cut", range(len(BODY) + 1))
def test_quirk_30_body_cut_anywhere(mta, assert_valid, cut):
    mta.negotiate()
    mta.hello()
    mta.envelope()
    mta.content([BODY[:cut]])
    assert_valid(mta.finish(last_chunk=BODY[cut:]))


def test_large_chunks_and_small_segments(mta, assert_valid):
    body = b"".join(b"%060d\r\n" % number for number in range(5_000))
    mta.negotiate()
    mta.hello()
    mta.envelope()
    mta.content([])
    chunks = b"".join(packet(b"B", body[at : at + 65_535]) for at in range(0, len(body), 65_535))
    stream = chunks + packet(b"E")
    for at in range(0, len(stream), 777):
        mta.write(stream[at : at + 777])
    assert_valid(mta.answer(), body)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_segments_of_a_few_bytes(mta, assert_valid, size):
    mta.negotiate()
    whole = macros(b"C", {"j": "x"}) + packet(b"C", b"h\0U") + macros(b"M", ALICE) + packet(b"M", b"<a@test.example>\0")
    whole += b"".join(packet(b"L", name + b"\0" + value + b"\0") for name, value in FIELDS)
    whole += packet(b"B", BODY) + packet(b"E")
    assert mta.steps & 0x1000 and mta.steps & 0x80, "replies are waived"
    for at in range(0, len(whole), size):
        mta.write(whole[at : at + size])
    assert_valid(mta.answer())


@pytest.mark.parametrize("length", [0, 1 << 31, 0xFFFFFFFF, (1 << 24)])
def test_impossible_lengths_close_the_connection(daemon, mta, length):
    mta.negotiate()
    mta.write(struct.pack(">I", length) + b"B" * 64)
    with pytest.raises(Closed):
        mta.read()
    assert daemon.status("healthz") == 200


@pytest.mark.parametrize("command", [b"?", b"\0", b"\xff", b"a", b"O"])
def test_unknown_commands_close_the_connection(daemon, mta, command):
    before = daemon.metrics().sum("postseal_protocol_errors_total")
    mta.negotiate()
    mta.write(packet(command, b"x"))
    with pytest.raises(Closed):
        mta.read()
    wait_for(
        "a protocol error in the metrics", lambda: daemon.metrics().sum("postseal_protocol_errors_total") == before + 1
    )


def test_quirk_27_end_anywhere(daemon):
    """The connection ends behind every byte of a whole dialogue; the daemon goes on and forgets them all."""
    whole = packet(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF)) + macros(b"C", {"j": "x"}) + packet(b"C", b"h\0U")
    whole += macros(b"M", ALICE) + packet(b"M", b"<a@test.example>\0") + packet(b"L", b"From\0 alice@test.example\0")
    whole += packet(b"N") + packet(b"B", b"x\r\n") + packet(b"E")
    for end in range(len(whole) + 1):
        with Mta(daemon.config.milters[0].port) as mta:
            mta.write(whole[:end])
    wait_for("all connections gone", lambda: daemon.metrics().sum("postseal_connections_open") == 0)
    assert daemon.process.alive()


def test_quirk_31_socket_file(place, keys):
    """A stale socket is replaced; one that somebody answers on is not; mode and group are as configured."""
    milter = Milter("unix", socket=place.folder("s") / "milter.sock")
    config = Config([milter], [domain(DOMAIN, keys)])
    with Postseal(place.folder("first"), config) as first:
        assert oct(milter.socket.stat().st_mode & 0o777) == "0o660"
        first.process.kill()
    assert milter.socket.exists(), "nobody cleaned up after kill -9"
    with Postseal(place.folder("second"), Config([milter], [domain(DOMAIN, keys)])):
        third = Postseal(place.folder("third"), Config([milter], [domain(DOMAIN, keys)]))
        with third.process.start() as process:
            assert process.wait(10) != 0, "the socket is somebody else's"
        assert milter.socket.exists()


def test_quirk_32_reload_and_end_in_mid_message(place, keys, assert_valid):
    """SIGHUP and SIGTERM let a message in flight finish; after SIGTERM the daemon waits for it, then goes."""
    config = Config([Milter("submission")], [domain(DOMAIN, keys)])
    port = config.milters[0].port
    with Postseal(place.folder("drain"), config) as daemon, Mta(port) as mta, Mta(port) as idle:
        idle.negotiate()
        mta.negotiate(steps=LEADING_SPACE | 0x7F)  # each step is answered, so the daemon has seen it
        mta.hello()
        mta.envelope()
        daemon.reload()
        mta.content([BODY])
        assert_valid(mta.finish())
        mta.envelope()
        mta.content([BODY[:9]])
        daemon.process.signal(signal.SIGTERM)
        wait_for("/readyz says no", lambda: daemon.status("readyz") != 200)
        with pytest.raises(Closed):
            idle.read()
        wait_for("all but one to be closed", lambda: daemon.metrics().sum("postseal_connections_open") == 1)
        assert daemon.process.alive(), "a message is in flight"
        assert_valid(mta.finish(last_chunk=BODY[9:]))
        with pytest.raises(Closed):
            mta.read()
        assert daemon.process.wait(10) == 0


def test_many_idle_connections(daemon, mta, assert_valid):
    others = [Mta(daemon.config.milters[0].port) for _ in range(500)]
    try:
        for one in others:
            one.negotiate()
        mta.negotiate()
        mta.hello()
        assert_valid(mta.message(BODY))
    finally:
        for one in others:
            one.close()
    wait_for("connections gone", lambda: daemon.metrics().sum("postseal_connections_open") <= 1)


def test_connections_do_not_wait_for_each_other(daemon, assert_valid):
    """Sixteen at once, each with its own messages."""
    failures = []

    def client(number: int) -> None:
        try:
            with Mta(daemon.config.milters[0].port) as mta:
                mta.negotiate()
                mta.hello()
                for _ in range(20):
                    body = b"client %d\r\n" % number
                    assert_valid(mta.message(body), body)
                    mta.write(packet(b"A"))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=client, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
