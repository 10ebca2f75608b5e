"""Fields with long lines: folded where the syntax has a place for it, signed, and whole behind a real Postfix.

Python's two parsers read the same before and after. Without header checks Postfix breaks the line, and the log says so.
"""

import email
import email.policy
from email.utils import getaddresses

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import Place
from rig.postseal_config import Config, domain
from rig.verify import passed
from rig.world import milters, world

ALICE = "alice@test.example"
OUT = "someone@dest.example"


def many(count: int, entry, between: str) -> str:
    return between.join(entry(number) for number in range(count))


def exactly(name: str, octets: int) -> str:
    """A value of short words whose line, with its name and colon, has so many octets."""
    octets -= len(name) + 2
    text = "abcdefg " * (octets // 8)
    return text + "x" * (octets - len(text) - 1) + "y"


FIELDS = {
    "commas": ("Cc", many(90, lambda n: f"user{n}@dest.example", ",")),
    "names": ("Cc", many(60, lambda n: f'"User, Nr. {n}"<user{n}@dest.example>', ",")),
    "quoted": ("Cc", many(60, lambda n: f'"User, Nr. {n}" <user{n}@dest.example>', ", ")),
    "encoded": ("Cc", many(60, lambda n: f"=?utf-8?Q?M=C3=BCller_{n}?= <user{n}@dest.example>", ",")),
    "group": ("Cc", "Friends:" + many(90, lambda n: f"user{n}@dest.example", ",") + ";"),
    "urls": ("List-Unsubscribe", many(2, lambda n: f"<https://news.example/u?a,b={n}{'x' * 700}>", ",")),
    "ids": ("References", many(40, lambda n: f"<{n:032}@mail.example>", "")),
    "ids with spaces": ("References", many(40, lambda n: f"<{n:032}@mail.example>", " ")),
    "results": ("Authentication-Results", "mx.example;" + many(60, lambda n: f"spf=pass smtp.mailfrom=u{n}@a.example", ";")),
    "autocrypt": ("Autocrypt", f"addr={ALICE}; keydata={'QUJD' * 400}"),
    "subject": ("Subject-Long", many(200, lambda n: f"word{n}", " ")),
    **{f"{name} {octets}": (name, exactly(name, octets)) for name in ("X-Long", "References") for octets in (998, 999, 1000)},
}  # fmt: skip


def message(subject: str, name: str, value: str) -> bytes:
    return mail.make(ALICE, OUT, subject).replace(b"\r\n\r\n", f"\r\n{name}: {value}\r\n\r\n".encode(), 1)


@pytest.fixture(scope="module")
def here(place, keys):
    config = Config(milters(place), [domain(DOMAIN, keys)], more="[header_checks]\n")
    with world(place, config) as here:
        yield here


@pytest.fixture(scope="module")
def unchecked(keys):
    """Without header checks."""
    with Place("unchecked") as place, world(place, Config(milters(place), [domain(DOMAIN, keys)])) as there:
        yield there


def send(here, data: bytes, subject: str) -> tuple[bytes, dict]:
    answer = smtp.submit(here.submission, ALICE, [OUT], data, ALICE)
    assert answer.code == 250, answer
    return here.sink.wait_for_subject(subject).data, here.daemon.message(answer.queue_id)


def readings(data: bytes, name: str) -> list[object]:
    """What Python's two parsers see in the field, apart from white space."""
    compact = email.message_from_bytes(data)[name]
    modern = email.message_from_bytes(data, policy=email.policy.default)[name]
    found = ["".join(str(compact).split()), "".join(str(modern).split())]
    if name == "Cc":
        found += [getaddresses([compact]), [(one.display_name, one.addr_spec) for one in modern.addresses]]
    return found


@pytest.mark.parametrize("kind", FIELDS)
def test_a_long_field_is_folded_and_verifies(here, verifiers, kind):
    name, value = FIELDS[kind]
    data = message(f"long {kind}", name, value)
    arrived, _ = send(here, data, f"long {kind}")
    assert max(map(len, mail.split(arrived)[0].split(b"\r\n"))) <= 998
    verdicts = verifiers.dkimpy.check_one(arrived)
    assert all(passed(verdicts, DOMAIN, algorithm) for algorithm in (verifiers.RSA, verifiers.ED25519))
    assert readings(arrived, name) == readings(data, name)


@pytest.mark.parametrize(
    ("subject", "name", "octets", "body", "reasons"),
    [
        ("header 998", "Cc", 998, "Hello.\n", []),
        ("header 999", "Cc", 999, "Hello.\n", ["dkim.long_header_line"]),
        ("unsigned field", "X-Long", 999, "Hello.\n", []),
        ("body 998", "X-Short", 30, "x" * 998 + "\n", []),
        ("body 999", "X-Short", 30, "x" * 999 + "\n", ["dkim.long_body_line"]),
    ],
)
def test_without_checks_the_log_tells_of_a_line_that_postfix_breaks(
    unchecked, verifiers, subject, name, octets, body, reasons
):
    value = exactly(name, octets) if name != "Cc" else f"{ALICE}, " + "a" * (octets - 21 - len(OUT) - 5) + f"{OUT}"
    value += "b" * (octets - len(name) - 2 - len(value))
    data = message(subject, name, value).split(b"\r\n\r\n")[0] + b"\r\n\r\n" + mail.crlf(body.encode())
    arrived, line = send(unchecked, data, subject)
    assert line["reasons"] == reasons
    verdicts = verifiers.dkimpy.check_one(arrived)
    assert passed(verdicts, DOMAIN, verifiers.RSA) == (not reasons)
    if reasons:
        reason = reasons[0].removeprefix("dkim.")
        labels = {"filter": "dkim", "verdict": "accept", "reason": reason}
        assert unchecked.daemon.metrics().sum("postseal_filter_verdicts_total", **labels) == 1
