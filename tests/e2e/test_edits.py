"""Edits as real MTAs execute them: what is delivered is what the filters saw, order of fields included.

The `editor` milter edits each message as its own X-Orders field says and prints the result it expects. The same cases
run through a model of both MTAs in filters/src/message/tests.rs.
"""

import json
import os
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from rig import mail
from rig.place import free_port, port_is_open
from rig.postfix import Listener, Postfix
from rig.process import Process
from rig.sendmail import Sendmail
from rig.sink import Sink
from rig.smtp import submit

EDITOR = Path(os.environ.get("EDITOR_BIN", Path(__file__).parents[2] / "target/release/examples/editor"))
SENDER, RECIPIENT = "a@test.example", "b@dest.example"
NAMES = ("X-A", "X-B", "x-a", "Subject")
RANDOM_CASES = 60


def orders(*parts: tuple[str, ...]) -> str:
    return ";".join("|".join(quote(part, safe=" <>@-") for part in order) for order in parts)


# The fields that every message has: (index for `replace` and `delete`) 0 to 4, then From and the rest.
OWN = [("X-A", " 1"), ("X-B", " 2"), ("x-a", " 3\n folded"), ("Subject", " edits"), ("X-A", " 4")]

CASES = {
    "insert above and below Received": orders(
        ("top", "X-T", " 1"), ("below", "X-U", " 1"), ("top", "X-T", " 2"), ("below", "X-U", " 2")
    ),
    "append": orders(("append", "X-New", " end"), ("append", "X-New", " again")),
    "append where the name is there": orders(("append", "X-B", " another")),
    "change one of several": orders(("replace", "2", " changed")),
    "change all of one name": orders(("replace", "0", " a"), ("replace", "2", " b"), ("replace", "4", " c")),
    "delete the first": orders(("delete", "0"),),
    "delete the last": orders(("delete", "4"),),
    "delete first and last": orders(("delete", "4"), ("delete", "0")),
    "delete all of one name": orders(("delete", "4"), ("delete", "2"), ("delete", "0")),
    "delete and change": orders(("replace", "2", " kept"), ("delete", "0")),
    "folded values": orders(("replace", "0", " one\n two\n\tthree"), ("top", "X-T", " a\n b")),
    "no leading space": orders(("top", "X-T", "tight"), ("replace", "1", "tight")),
    "sender": orders(("sender", "<other@test.example>"),),
    "sender to nobody": orders(("sender", "<>"),),
    "recipients": orders(("add", "<c@dest.example>"), ("add", "<d@dest.example>"), ("remove", RECIPIENT)),
    "body": orders(("body", "A new body.\r\n\r\nWith two lines.\r\n"),),
    "body over one packet": orders(("repeat", "0123456789abcde\r\n", "8000"),),
    "all at once": orders(
        ("delete", "0"), ("top", "X-T", " 1"), ("append", "X-B", " 9"), ("sender", "<x@test.example>"),
        ("add", "<c@dest.example>"), ("body", "all\r\n"), ("replace", "1", " second"),
    ),
    "an edit that undid itself": orders(("replace", "0", " x"), ("replace", "0", " 1")),
}  # fmt: skip


def random_case(seed: int) -> str:
    rng = random.Random(seed)
    steps, left = [], list(range(len(OWN)))
    value = lambda: f" {rng.choice('uvw')}{rng.randrange(9)}" + rng.choice(("", "\n folded"))  # noqa: E731
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(left))
        if rng.random() < 0.5 and len(left) > 1:
            steps.append(("delete", str(at)))
            left.pop(at)
        else:
            steps.append(("replace", str(at), value()))
    for _ in range(rng.randrange(4)):
        steps.append((rng.choice(("top", "below", "append")), rng.choice(NAMES), value()))
    if rng.random() < 0.2:
        steps.append(("body", f"body {seed}\r\n"))
    return orders(*steps)


def message(case: str) -> bytes:
    rest = [("From", f" {SENDER}"), ("To", f" {RECIPIENT}"), ("Date", " Sun, 1 Nov 2026 12:00:00 +0000"),
            ("Message-ID", " <edits@test.example>")]  # fmt: skip
    fields = [*OWN, *rest, ("X-Orders", f" {case}")]
    text = "".join(f"{name}:{value}\n" for name, value in fields) + "\nThe old body.\n"
    return text.replace("\n", "\r\n").encode()


def watched(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields that tests edit; MTAs have their own ways with addresses and Received."""
    names = {name.lower() for name in (*NAMES, "X-T", "X-U", "X-New")}
    return [(name, value) for name, value in fields if name.lower() in names]


class Editor:
    def __init__(self, folder: Path):
        if not EDITOR.exists():
            raise FileNotFoundError(f"{EDITOR} is missing: cargo build --release --example editor")
        self.port = free_port()
        self.process = Process([EDITOR, f"inet:127.0.0.1:{self.port}"], folder / "editor.log")
        self.seen = 0

    def __enter__(self) -> "Editor":
        self.process.start()
        self.process.wait_until("port", lambda: port_is_open(self.port))
        return self

    def __exit__(self, *_exc) -> None:
        self.process.stop()

    def expected(self) -> dict:
        lines = [line for line in self.process.log().splitlines() if line.startswith("{")]
        assert len(lines) == self.seen + 1, "one result a message"
        self.seen += 1
        return json.loads(lines[-1])


@pytest.fixture(scope="module", params=["postfix", "sendmail"])
def mta(request, place):
    with Editor(place.folder(f"editor-{request.param}")) as editor, Sink() as sink:
        if request.param == "postfix":
            ports = [Listener("mx", f"inet:127.0.0.1:{editor.port}")]
            with Postfix(place.folder("postfix"), sink.port, ports) as postfix:
                yield editor, sink, postfix.port("mx"), postfix
        else:
            milter = f"inet:{editor.port}@127.0.0.1"
            with Sendmail(place.folder("sendmail"), sink.port, milter) as sendmail:
                yield editor, sink, sendmail.port, sendmail


def check(mta, case: str) -> None:
    editor, sink, port, _ = mta
    before = len(sink.arrivals)
    reply = submit(port, SENDER, [RECIPIENT], message(case))
    assert reply.code == 250, f"{reply} {case}"
    expected = editor.expected()
    recipients = set(expected["recipients"])
    arrivals = sink.wait(before + 1)[before:]
    while set().union(*(one.recipients for one in arrivals)) != recipients:
        arrivals = sink.wait(before + len(arrivals) + 1)[before:]
    arrival = arrivals[0]
    assert arrival.sender == expected["sender"], case
    delivered = [(name.decode(), value.decode().replace("\r\n", "\n")) for name, value in mail.fields(arrival.data)]
    assert watched(delivered) == watched([tuple(field) for field in expected["fields"]]), case
    body = expected["body"]
    delivered_body = mail.split(arrival.data)[1].decode("latin-1")
    assert delivered_body == ("The old body.\r\n" if body is None else body), case


@pytest.mark.parametrize("name", CASES)
def test_named_case(mta, name):
    check(mta, CASES[name])


def test_random_cases(mta):
    for seed in range(RANDOM_CASES):
        check(mta, random_case(seed))


def test_received_is_between_the_two_inserts(mta):
    editor, sink, port, _ = mta
    before = len(sink.arrivals)
    assert submit(port, SENDER, [RECIPIENT], message(CASES["insert above and below Received"])).code == 250
    editor.expected()
    names = [name for name, _ in mail.fields(sink.wait(before + 1)[before].data)][:5]
    assert names == [b"X-T", b"X-T", b"Received", b"X-U", b"X-U"]


@pytest.mark.parametrize("verdict, code", [("reject", 5), ("tempfail", 4)])
def test_nothing_of_the_edits_is_left_when_refused(mta, verdict, code):
    editor, sink, port, _ = mta
    before = len(sink.arrivals)
    case = orders(("top", "X-T", " 1"), ("sender", "<x@test.example>"), ("body", "new\r\n"), (verdict,))
    reply = submit(port, SENDER, [RECIPIENT], message(case))
    editor.expected()
    assert reply.code // 100 == code
    check(mta, "")  # the next message on the way shows that nothing else came
    assert len(sink.arrivals) == before + 1


def test_discard_takes_the_message_and_drops_it(mta):
    editor, sink, port, _ = mta
    before = len(sink.arrivals)
    assert submit(port, SENDER, [RECIPIENT], message(orders(("discard",)))).code == 250
    editor.expected()
    check(mta, "")
    assert len(sink.arrivals) == before + 1


def test_the_last_recipient_is_not_deleted(mta):
    editor, _, port, _ = mta
    reply = submit(port, SENDER, [RECIPIENT], message(orders(("remove", RECIPIENT),)))
    editor.expected()
    assert reply.code == 451, reply


def test_held_until_released(place):
    with Editor(place.folder("editor-hold")) as editor, Sink() as sink:
        ports = [Listener("mx", f"inet:127.0.0.1:{editor.port}")]
        with Postfix(place.folder("postfix-hold"), sink.port, ports) as postfix:
            case = orders(("hold", "a look first"), ("top", "X-T", " 1"))
            assert submit(postfix.port("mx"), SENDER, [RECIPIENT], message(case)).code == 250
            assert len(postfix.held()) == 1
            postfix.release()
            assert sink.wait(1)[0].value("X-T") == b"1"
