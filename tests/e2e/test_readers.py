"""What is repaired is shown as before or better, by five readers, and is not repaired a second time.

All 6,046 messages of the corpus with POSTSEAL_FULL=1, otherwise 300 of easy ham; and made messages: one for each check, and
text in many charsets with and without a name.
"""

import os
from collections import Counter

import pytest

from conftest import DOMAIN
from header_cases import CASES
from rig import corpus, mail
from rig.postseal_config import Config, domain
from rig.posting import REMOTE, Posted, post
from rig.reader import Seen, worse
from rig.readers import five
from rig.world import milters, world

SAMPLE = 300
ALICE = "alice@test.example"
MIME = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset={}\r\nContent-Transfer-Encoding: 8bit\r\n"
TEXTS = {
    "iso-8859-1": "Grüße aus Köln", "iso-8859-2": "Zamówienie: część", "windows-1250": "Příloha č. 3", "iso-8859-9": "İşçi",
    "windows-1251": "Ваш заказ принят", "koi8-r": "Ваш заказ принят", "iso-8859-7": "Η παραγγελία", "windows-1255": "הזמנה",
    "windows-1256": "طلبك", "windows-1257": "Jūsų užsakymas", "windows-1258": "Đơn hàng", "tis-620": "คำสั่งซื้อ",
    "gb18030": "您的订单", "big5": "您的訂單", "shift_jis": "ご注文", "euc-kr": "주문 확인",
}  # fmt: skip


def made(subject: bytes, fields: str = "", body: bytes = b"Hello\r\n", more: bytes = b"") -> bytes:
    head = "From: Alice <alice@test.example>\r\nTo: bob@dest.example\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@test.example>\r\n"
    return head.encode() + fields.encode() + more + b"Subject: " + subject + b"\r\n\r\n" + body


def bare(one: Posted) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """A message without the note of its repairs, which the second pass takes off as it does with what anybody may write."""
    kept = [(name, body) for name, body in mail.fields(one.arrived) if name.lower() != b"x-postseal-fixed"]
    return kept, mail.split(one.arrived)[1]


def charsets() -> dict[str, bytes]:
    """By name: text that names its charset, and the same text with no name, as UTF-8 and under other names."""
    found = {}
    for name, text in TEXTS.items():
        octets, utf8 = text.encode(name), text.encode()
        for named in ("", name, "utf-8", "iso-8859-1", "us-ascii", "unknown-8bit"):
            fields = MIME.format(named) if named else ""
            for kind, raw in (("in it", octets), ("in UTF-8", utf8)):
                found[f"{name}, {kind}, named {named or 'nothing'}"] = made(raw, fields, raw + b"\r\n")
        found[f"{name}, subject only"] = made(octets)
        file = b'Content-Disposition: attachment; filename="' + utf8 + b'.txt"\r\n'
        found[f"{name}, file"] = made(b"a", more=file)
    umlauts = "=?iso-8859-1?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=".encode()
    found["named by a library's default"] = made(umlauts, MIME.format("iso-8859-1"), "Schöne Grüße\r\n".encode())
    found["cut within a character"] = made(b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=")
    found["ASCII that is named 8bit"] = made(b"a", MIME.format("us-ascii"))
    return found


def is_true(seen: Seen, name: str) -> bool:
    """The reader sees what a made message says, and nothing else that is not ASCII."""
    truth = TEXTS.get(name.partition(",")[0])
    shown = [seen.subject, *seen.texts, *(file.removesuffix(".txt") for file in seen.files)]
    return all(one.isascii() or one.strip() == truth for one in shown)


@pytest.fixture(scope="module")
def here(place, keys):
    log = {"format": "json", "level": "info", "addresses": True}
    config = Config(milters(place), [domain("*", keys, signing_domain=DOMAIN)], log=log, more="[header_checks]\n")
    with world(place, config, **REMOTE) as here:
        yield here


@pytest.fixture(scope="module")
def posted(here) -> dict[str, Posted]:
    real = corpus.everything() if os.environ.get("POSTSEAL_FULL") else corpus.odd_sample(SAMPLE)
    messages = {one.name: one.data for one in real} | {case.check: case.broken for case in CASES} | charsets()
    return dict(zip(messages, post(here, list(messages.values()), ALICE)))


def test_five_readers_see_the_same_or_better(posted, say):
    repaired = {name: one for name, one in posted.items() if one.fixed}
    counts = Counter(check for one in repaired.values() for check in one.fixed)
    say(f"{len(posted)} messages, {len(repaired)} repaired: {', '.join(f'{check} {n}' for check, n in counts.most_common())}")
    found = {}
    with five() as readers:
        for reader in readers:
            other = 0
            for name, one in repaired.items():
                before, after = reader.sees(one.taken), reader.sees(one.arrived)
                other += before != after
                damage = worse(before, after)
                if damage and not is_true(after, name):
                    found[reader.name, name] = damage
            say(f"{reader.name}: {len(repaired)} read before and after, {other} better, {sum(key[0] == reader.name for key in found)} worse")
    assert found == {}, "\n".join(f"{reader}: {name}: {damage}" for (reader, name), damage in found.items())


def test_next_to_no_ham_is_refused(posted, say):
    ham = {name: one for name, one in posted.items() if "-ham-" in name}
    refused = [f"{name}: {one.reply.text}" for name, one in ham.items() if one.rejected]
    say(f"{len(ham)} messages of ham, refused: {'; '.join(refused) or 'none'}")
    assert len(refused) <= 2


def test_a_second_time_nothing_is_repaired(here, posted, say):
    repaired = {name: one for name, one in posted.items() if one.fixed}
    again = dict(zip(repaired, post(here, [one.arrived for one in repaired.values()], ALICE)))
    assert [name for name, one in again.items() if not one.arrival or bare(one) != bare(repaired[name])] == []
    say(f"{len(again)} sent again, none changed")


def test_without_a_name_no_charset_is_guessed(posted):
    """In the charsets of many languages: raw text that nothing names leaves as it came."""
    for name in TEXTS:
        for one in (posted[f"{name}, in it, named nothing"], posted[f"{name}, subject only"]):
            assert "raw_8bit_header" in one.found and one.arrived == one.sent, name
        one = posted[f"{name}, in UTF-8, named nothing"]
        assert {"raw_8bit_header", "charset_missing"} <= set(one.fixed), name
