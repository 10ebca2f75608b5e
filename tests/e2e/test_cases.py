"""Messages from public bug reports of other mail software, as `postseal explain` judges them with the default checks.

Each file in `cases/` is one message. Its name says what is odd about it.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rig import mail
from rig.explain import Explained, explain
from rig.keys import make_key
from rig.verify import DkimPy

CASES = Path(__file__).with_name("cases")
ALICE = ("--auth", "alice@example.com", "--from", "alice@example.com")

CONFIG = """\
[[listener]]
name = "submission"
address = "inet:127.0.0.1:18891"
[admin]
address = "none"
[store]
url = "memory:"
[[dkim.domain]]
domain = "example.com"
keys = [{{ selector = "s1", file = "{key}" }}]
[header_checks]
"""


@dataclass
class Case:
    """`found`: checks that find something. `fields`: the values that leave, for each name. `kept`: nothing is repaired.
    `says`, `not_says`: text in the details or in the reply."""

    name: str
    found: set[str] = field(default_factory=set)
    fields: dict[str, list[bytes]] = field(default_factory=dict)
    kept: bool = False
    refused: bool = False
    says: tuple[str, ...] = ()
    not_says: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


EXPLAINED = [
    Case("cc-stray-angle-bracket", {"address_syntax"}, says=("Cc", "octet")),
    Case("czech-subject-body-is-utf8", {"raw_8bit_header"}, kept=True),
    Case("date-iso8601", {"date_syntax"}, {"Date": [b"Mon, 23 Nov 2026 10:00:00 +0100"]}),
    Case("date-umlaut-in-comment"),
    Case("empty-to", {"empty_field"}, {"To": [], "Cc": [b"Carl <carl@example.net>"]}),
    Case(
        "encoded-line-end-at-end-of-subject",
        fields={"Subject": [b"=?utf-8?Q?Bestellung_f=C3=BCr_K=C3=B6ln?="]},
    ),
    Case("filename-in-both-forms", {"raw_8bit_header"}),
    Case("filename-with-spaces-around-equals", {"raw_8bit_header"}),
    Case("fold-within-quoted-name", {"long_header_line"}),
    Case("header-line-without-colon", {"field_syntax"}, says=("no header field",)),
    Case("html-behind-bom", {"html_without_mime"}),
    Case("html-fragment-p", {"html_without_mime"}),
    Case("list-unsubscribe-encoded-word", {"encoded_word"}),
    Case("list-unsubscribe-two-urls", {"long_header_line"}),
    Case("message-id-encoded-word", {"encoded_word"}),
    Case("mime-version-twice", {"duplicate_field"}, {"MIME-Version": [b"1.0"]}),
    Case("multipart-in-base64", {"transfer_encoding_mismatch"}),
    Case("polish-name-and-subject-no-charset", {"raw_8bit_header"}, kept=True),
    Case("raw-filename-in-part", {"raw_8bit_header"}, kept=True, says=("2231",)),
    Case(
        "raw-octet-in-address",
        {"raw_8bit_header"},
        refused=True,
        says=("ASCII",),
        not_says=("=?utf-8", "RFC 2047"),
    ),
    Case("references-adjacent-ids", {"long_header_line"}),
    Case("to-commas-without-space-1600", {"long_header_line"}),
    Case("unknown-8bit-is-utf8", {"charset_mismatch"}, {"Content-Type": [b"text/plain; charset=utf-8"]}),
    Case("utf8-named-latin1-phpmailer", {"charset_mismatch", "encoded_word"}),
    Case("header-line-999", {"long_header_line"}),
]
# The rest of a refusal is a matter of policy; these are accepted by the default settings.
REFUSED = {"header-line-without-colon"}


@pytest.fixture(scope="module")
def config(place) -> Path:
    folder = place.folder("explain")
    key = make_key(folder, "example.com", "s1")
    file = folder / "postseal.toml"
    file.write_text(CONFIG.format(key=key.file))
    return file


@pytest.mark.parametrize("case", EXPLAINED, ids=str)
def test_explain(case, config):
    told = explain(config, CASES / f"{case.name}.eml", *ALICE)
    text = told.details + (str(told.line["reply"]) or "")
    assert case.found <= set(told.found), told.line
    assert told.refused == (case.refused or case.name in REFUSED), told.line
    for name, values in case.fields.items():
        assert told.values(name) == values
    assert not case.kept or told.refused or told.kept, told.line["edits"]
    assert all(words.lower() in text.lower() for words in case.says), text
    assert not any(words in text for words in case.not_says), text


@pytest.mark.parametrize("case", [one for one in EXPLAINED if not one.refused], ids=str)
def test_a_second_run_changes_nothing(case, config):
    first = explain(config, CASES / f"{case.name}.eml", *ALICE)
    if first.refused:
        pytest.skip("refused: nothing leaves")
    again = config.with_name("again.eml")
    again.write_bytes(first.message)
    second = explain(config, again, *ALICE)
    assert not [edit for edit in second.line["edits"] if edit["field"] not in OWN_FIELDS], second.line["details"]


OWN_FIELDS = {"DKIM-Signature", "X-Postseal-Fixed", "X-Postseal-Found"}


def lines_of(told: Explained, name: str) -> list[bytes]:
    """The lines of the first field of that name, the name included."""
    value = next(value for one, value in mail.fields(told.message) if one.decode() == name)
    return (name.encode() + b":" + value).split(b"\r\n")


@pytest.mark.parametrize(
    ("name", "field_name"),
    [
        ("fold-within-quoted-name", "To"),
        ("list-unsubscribe-two-urls", "List-Unsubscribe"),
        ("references-adjacent-ids", "References"),
        ("to-commas-without-space-1600", "To"),
        ("header-line-999", "References"),
        ("long-cc-without-checks", "Cc"),
    ],
)
def test_long_fields_are_folded_between_their_items(name, field_name, config):
    told = explain(config, CASES / f"{name}.eml", *ALICE)
    lines = lines_of(told, field_name)
    assert len(lines) > 1 and max(map(len, lines)) <= 998
    for before, after in zip(lines, lines[1:], strict=False):
        assert before.count(b'"') % 2 == 0, "folded within a quoted string"
        assert before.rstrip()[-1:] in b",>" or after.lstrip()[:1] == b"<"
    given = mail.value(told.given, field_name.encode())
    assert b"".join(b"".join(lines).split()).endswith(b"".join(given.split()))


AUTHOR = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxAyzv/5ItMrw+Z+fsI2dcDmqUHnQfEy1G4WRwzo32Db+gKRZ9uw/fTsdDGqMbvv/AKpa"
    "/JEN7dpwiX5q4yFXhNgARhzMHd1yBkns6207AMDJRjGsv8cWSNaTXZt9SYi7ipi9/BG1mrW/AocAC5JtZymDIprFtf522m/T1nULml2XddDgCviH"
    "CuniYJiWMiuz1JLmOhUa1VY/Uj0SwoUYTWUlJI30XSanpsvsA9kdkH92sV9iceqT7wiQBP5/UA43Na8YksS+jw7zwV4T1oqJrDePKKnGOMQUKH+p"
    "KXl25Oy/5M0Lq4UHGmmMw0fvfSghRdl1xXZCbFBGOijzAANNZQIDAQAB"
)
CAROL = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsM/CEWoeE4c8iM6Wjb9NoqQ52zo5MjQzPJEZr5J0F+9HOePJBRvZUhddnxJ4miYuH+aH"
    "cVHjdvS61m2MzcZ5mWyggd64dsLBYkU7asB47V1irsFApNWwy2UZnaT4UDiUYFT0txDDV2CYwUSwx/aBKsXTHmmTb+YOiDrYenLr89Wb60SuZL9b"
    "M+BkhPzENiN9EcE5JfBe4SoBBBSE1kWVeiRVKfqELEhxKXtvb2aksG2LtCgfvMrNxZqzGsBVnSalCGkqhaK5a4yMDjBhTViZ7/mgATRQuMYN5GOm"
    "l5VsrB6GP+nHMozyfnH1NM1SgMJq4eMKHyv6K9ptW0siG4pawwIDAQAB"
)
AUTHORS = {
    "author._domainkey.other.example": f"v=DKIM1; k=rsa; p={AUTHOR}",
    "s1._domainkey.author.example": f"v=DKIM1; k=rsa; p={CAROL}",
}


@pytest.mark.parametrize("name", ["author-signed-charset-missing", "author-signed-raw-subject", "forwarded-raw-subject"])
def test_the_signature_of_the_author_still_verifies(name, config):
    told = explain(config, CASES / f"{name}.eml", *ALICE)
    verifier = DkimPy(AUTHORS)
    assert all(verdict.passed for verdict in verifier.check_one(told.given)), "the case itself is broken"
    verdicts = [one for one in verifier.check_one(told.message) if one.domain != "example.com"]
    assert verdicts and all(verdict.passed for verdict in verdicts)
    assert told.found, "what was not repaired is logged"


SENDER = """
[sender]
[[sender.owner]]
client = "127.0.0.0/8"
may_use = ["@example.com"]
[[sender.rewrite]]
match = "*@*.intern.example"
to = "$1@example.com"
"""
PRINTER = """
[sender]
envelope_mismatch = "rewrite"
header_mismatch = "rewrite"
[[sender.owner]]
user = "printer"
address = "scanner@example.com"
"""


def with_more(config: Path, text: str) -> Path:
    file = config.with_name("more.toml")
    file.write_text(config.read_text() + text)
    return file


def test_an_empty_reply_to_does_not_swallow_answers(config):
    file = with_more(config, PRINTER)
    told = explain(file, CASES / "rewrite-empty-reply-to.eml", "--auth", "printer", "--from", "scanner@example.com")
    assert told.values("From") == [b"X <scanner@example.com>"]
    assert [value for value in told.values("Reply-To") if value] == [b"X <tobias@other.example>"]


def test_receipts_do_not_go_to_an_address_that_does_not_exist_outside(config):
    told = explain(
        with_more(config, SENDER), CASES / "receipt-to-internal-address.eml", "--from", "jm@pc7.intern.example"
    )
    assert not told.refused
    assert b"intern.example" not in told.message.replace(b"X-Original-From", b"")


def test_redirected_mail_passes_where_resent_from_may_count(config):
    file = with_more(config, "\n[sender]\naccept_resent = true\n")
    told = explain(file, CASES / "redirected-with-resent-from.eml", *ALICE)
    assert not told.refused and told.line["signatures"] == []
    refused = explain(with_more(config, "\n[sender]\n"), CASES / "redirected-with-resent-from.eml", *ALICE)
    assert refused.refused


def test_a_list_may_add_sender(config):
    """Lists of the Linux kernel and of Mailman add Sender and List-Id."""
    file = config.with_name("list.eml")
    file.write_bytes((CASES / "list-adds-sender.eml").read_bytes().replace(b"test.example", b"example.com"))
    told = explain(config, file, *ALICE)
    key = make_key(config.with_name("other.toml").parent, "unused.example", "s0")
    assert key and told.line["signatures"]
    names = mail.signatures(told.message)[0]["h"].lower().split(":")
    assert not {"sender", "list-id"} & {name.strip() for name in names}
