"""Mail that its author has signed still verifies when a list or a forwarder has handed it in, whatever is wrong with it.

The author's key is not ours. Messages that the header checks would repair come by submission, by sendmail(1) as Sieve
redirects them, and back from a content filter. A signature that does not protect its message is repaired as all mail is.
"""

import subprocess

import dkim
import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.keys import make_key
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sink import Sink
from rig.verify import DkimPy

ALICE = "alice@test.example"
OUT = "someone@dest.example"
AUTHOR = "author.example"
FIELDS = {
    "From": "Carol <carol@author.example>",
    "To": "list@test.example",
    "Subject": "an ordinary one",
    "Date": "Sun, 22 Nov 2026 10:00:00 +0000",
    "Message-ID": "<1@author.example>",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
}
ALL = ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"]
MANY = [f"user{number}@example.net" for number in range(60)]
#: changes of the fields, the body, canonicalization, names in h=
FAULTY = {
    "raw subject": ({"Subject": "Gr\u00fc\u00dfe"}, "Hello.\n", b"relaxed/relaxed", ALL),
    "raw subject, simple": ({"Subject": "Gr\u00fc\u00dfe"}, "Hello.\n", b"simple/simple", ALL),
    "raw name": ({"From": "K\u00e4the <carol@author.example>"}, "Hello.\n", b"relaxed/simple", ALL),
    "raw parameter": ({"Content-Type": 'text/plain; charset=utf-8; name="\u00fc.txt"'}, "Hello.\n", b"relaxed/simple", ALL),
    "no charset": ({"Content-Type": "text/plain"}, "Gr\u00fc\u00dfe\n", b"relaxed/simple", ALL),
    "no charset, not covered": ({"Content-Type": "text/plain"}, "Gr\u00fc\u00dfe\n", b"relaxed/simple", ["from", "subject"]),
    "no MIME-Version": ({"MIME-Version": None}, "Hello.\n", b"relaxed/relaxed", ALL),
    "no date": ({"Date": None}, "Hello.\n", b"relaxed/relaxed", ["from", "to", "subject", "message-id"]),
    "commas": ({"To": ",\n ".join(",".join(MANY[at : at + 6]) for at in range(0, 60, 6))}, "Hello.\n", b"relaxed/relaxed", ALL),
    "long, white space": ({"Cc": ", ".join(MANY)}, "Hello.\n", b"relaxed/relaxed", [*ALL, "cc"]),
    "blank fold": ({"Cc": "a@example.net,\n \n b@example.net"}, "Hello.\n", b"relaxed/relaxed", [*ALL, "cc"]),
    "no repair possible": ({"Reply-To": "j\u00f6rg@author.example"}, "Hello.\n", b"relaxed/relaxed", [*ALL, "reply-to"]),
}  # fmt: skip


class Author:
    def __init__(self, folder):
        self.key = make_key(folder, AUTHOR, "s1")
        self.verifier = DkimPy.for_keys([self.key])
        self.private = subprocess.run(
            ["openssl", "rsa", "-in", self.key.file, "-traditional"], check=True, capture_output=True
        ).stdout

    def sign(self, message: bytes, form: bytes, names: list[str], signing_domain: str = AUTHOR) -> bytes:
        header, _, body = form.partition(b"/")
        include = [name.encode() for name in names]
        field = dkim.sign(
            message, b"s1", signing_domain.encode(), self.private, canonicalize=(header, body), include_headers=include
        )
        return field + message

    def verifies(self, message: bytes) -> bool:
        return [verdict.passed for verdict in self.verifier.check_one(message) if verdict.domain == AUTHOR] == [True]


def written(changes: dict[str, str | None], body: str) -> bytes:
    fields = {name: value for name, value in (FIELDS | changes).items() if value is not None}
    return mail.crlf(("".join(f"{name}: {value}\n" for name, value in fields.items()) + "\n" + body).encode())


@pytest.fixture(scope="module")
def author(place):
    return Author(place.folder("author"))


@pytest.fixture(scope="module")
def here(place, keys):
    """A port for users, one for a content filter, and sendmail(1)."""
    roles = [Milter("submission"), Milter("local", "local"), Milter("reinject", "reinject")]
    config = Config(roles, [domain(DOMAIN, keys)], more="[header_checks]\n")
    ports = [Listener("submission", roles[0].address, sasl=True), Listener("reinject", roles[2].address)]
    settings = {"non_smtpd_milters": roles[1].address, "disable_mime_output_conversion": "no"}
    with Sink() as sink, Postseal(place.folder("postseal"), config) as daemon:
        with Postfix(place.folder("postfix"), sink.port, ports, **settings) as postfix:
            yield postfix, sink, daemon


def hand_in(here, way: str, message: bytes) -> bytes:
    postfix, sink, _ = here
    before = len(sink.arrivals)
    if way == "local":
        postfix.sendmail(ALICE, [OUT], message)
    else:
        user = ALICE if way == "submission" else None
        answer = smtp.submit(postfix.port(way), ALICE, [OUT], message, user)
        assert answer.code == 250, answer
    return sink.wait(before + 1)[-1].data


@pytest.mark.parametrize("way", ["submission", "local", "reinject"])
@pytest.mark.parametrize("fault", FAULTY)
def test_the_signature_of_the_author_holds(here, author, way, fault):
    changes, body, form, names = FAULTY[fault]
    if fault == "no date" and way == "local":
        pytest.skip("Postfix adds Date to local mail before any milter")
    message = author.sign(written(changes, body), form, names)
    assert author.verifies(message)
    assert author.verifies(hand_in(here, way, message))


def test_a_signature_of_a_list_does_not_protect(here, author):
    message = author.sign(written({"Subject": "\u00fcber"}, "Hello.\n"), b"relaxed/relaxed", ALL, "list.example")
    arrived = hand_in(here, "submission", message)
    assert b"Subject: =?utf-8?Q?" in arrived and b"X-Postseal-Fixed: raw_8bit_header" in arrived


def test_the_log_says_why(here, author):
    message = author.sign(written({"Subject": "Gr\u00fc\u00dfe, twice"}, "Hello.\n"), b"relaxed/relaxed", ALL)
    answer = smtp.submit(here[0].port("submission"), ALICE, [OUT], message, ALICE)
    line = here[2].message(answer.queue_id)
    assert {"header_checks.raw_8bit_header", "header_checks.author_signed"} <= set(line["reasons"])
