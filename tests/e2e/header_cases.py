"""For each check a real message that has the defect, a real message that is given it, and one that only looks like it.

`real` is the name of a message of the corpus; None where not one of the 6,046 has the defect. `broken` and `near` are
made of a real message without any finding. Actions are what the defaults do about this check in that message.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from rig import corpus, mail

PLAIN = "easy-ham-1/00016"  # text/plain, us-ascii, 7bit, short lines
BARE = "easy-ham-1/01635"  # no MIME fields at all
Edit = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Case:
    check: str
    real: str | None
    real_action: str
    broken: bytes
    action: str
    near: bytes


def case(
    check: str, real: str | None, broken: Edit, near: Edit, action: str, real_action: str = "", base: str = PLAIN
) -> Case:
    octets = corpus.named(base).data
    return Case(check, real, real_action or action, broken(octets), action, near(octets))


def field(name: str, value: bytes | None) -> Edit:
    """Replaces the field, in its place; without a value the field goes."""
    line = re.compile(rb"(?im)^%s:.*\r\n(?:[ \t].*\r\n)*" % name.encode())
    new = b"" if value is None else b"%s: %s\r\n" % (name.encode(), value)

    def edit(message: bytes) -> bytes:
        head, body = mail.split(message)
        edited, count = line.subn(lambda _: new, head)
        return (edited if count else edited + new) + b"\r\n" + body

    return edit


def more(*lines: bytes) -> Edit:
    """Adds fields at the end of the header section."""

    def edit(message: bytes) -> bytes:
        head, body = mail.split(message)
        return head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body

    return edit


def body(text: bytes) -> Edit:
    return lambda message: mail.split(message)[0] + b"\r\n" + text


def all_of(*edits: Edit) -> Edit:
    def edit(message: bytes) -> bytes:
        for one in edits:
            message = one(message)
        return message

    return edit


def text(content: bytes, kind: bytes, encoding: bytes | None = None) -> Edit:
    return all_of(field("Content-Type", kind), field("Content-Transfer-Encoding", encoding), body(content))


def addressees(count: int) -> Edit:
    return field("To", b",\r\n\t".join(b"list%d@dest.example" % at for at in range(count)))


UTF8 = "Grüße aus Köln\r\n".encode()
LATIN1 = "Grüße aus Köln\r\n".encode("latin-1")
UTF8_TYPE = b"text/plain; charset=utf-8"
no_mime = all_of(*(field(name, None) for name in ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")))
OPEN_MULTIPART = b'multipart/mixed; boundary="=_b"'
PARTS = b"--=_b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--=_b\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n"

CASES = [
    case("raw_8bit_header", "easy-ham-2/01131", field("Subject", UTF8.strip()),
         field("Subject", b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus Koeln"), "fix", "log"),
    case("encoded_word", "easy-ham-1/01250", field("Subject", b"=?utf-8?Q?Gr=C3=BC=C3=ZZe?= aus Koeln"),
         field("Subject", b"what =? is =?utf-8?Q?=C3=BC?= =?="), "log"),
    case("encoded_word_control", "spam-2/00410", field("Subject", b"=?utf-8?Q?x=0D=0ABcc:_v@dest.example?="),
         field("Subject", b"=?utf-8?Q?a=09tab_is_white_space?="), "reject"),
    case("control_character", "easy-ham-1/00714", field("Subject", b"ding \x07 dong"),
         field("Subject", b"ding \t dong"), "reject"),
    case("field_syntax", "spam-2/00677", lambda message: message.replace(b"\r\nSubject:", b"\r\nno field\r\nTo: b@test.example\r\nSubject:", 1), body(b"As she wrote:\r\nTo: be or not\r\nthat is it\r\n"),
         "reject", base=BARE),
    case("blank_fold", None, field("Subject", b"one\r\n \t\r\n two"), field("Subject", b"one\r\n \ttwo"), "fix"),
    case("long_header_line", "spam-2/00471", field("Keywords", b"word " * 250 + b"end"),
         field("Keywords", b"x" * (998 - len("Keywords: "))), "fix"),
    case("oversized_header", None, more(*(b"X-Note-%d: %s" % (at, b"x" * 70) for at in range(500))),
         more(*(b"X-Note-%d: %s" % (at, b"x" * 70) for at in range(300))), "log"),
    case("missing_field", "spam-2/00712", field("Message-Id", None), field("Message-Id", b"<only.one@test.example>"), "fix"),
    case("missing_recipient", "easy-ham-1/01416", all_of(field("To", None), field("Cc", None)),
         all_of(field("To", None), field("Cc", b"someone@dest.example")), "log"),
    case("duplicate_field", "spam-2/00271", more(b"Subject: another"), more(b"Comments: one", b"Comments: another"), "reject"),
    case("from_address", "spam-2/00049",
         all_of(field("From", b"a@test.example, b@test.example"), field("Sender", None)),
         all_of(field("From", b"a@test.example, b@test.example"), field("Sender", b"a@test.example")), "reject"),
    case("empty_field", "easy-ham-1/01141", field("Cc", b""), field("Bcc", b""), "fix"),
    case("address_syntax", "easy-ham-2/01325", field("Cc", b"Ann Archer <ann@dest.example, ben@dest.example"),
         field("Cc", b'friends: "Archer, Ann" <ann@dest.example>, ben@dest.example;'), "log"),
    case("date_syntax", "hard-ham-1/00009", field("Date", b"2026-11-23T10:00:00+01:00"),
         field("Date", b"Mon, 23 Nov 2026 10:00 GMT (noon (nearly))"), "fix", "log"),
    case("message_id_syntax", "easy-ham-1/00177", field("Message-Id", b"only.one@test.example"),
         field("Message-Id", b'<"only.one"@[192.0.2.1]> (note)'), "log"),
    case("html_in_subject", "easy-ham-1/01953", field("Subject", b"<b>Half price</b> today"),
         field("Subject", b"AT&T: Vec<String> or <ann@test.example>, if a < b"), "log"),
    case("mime_version_missing", "easy-ham-1/00137", field("MIME-Version", None), no_mime, "fix"),
    case("charset_missing", "easy-ham-1/00114", text(UTF8, b"text/plain", b"8bit"),
         text(b"Hello from Cologne\r\n", b"text/plain"), "fix", "log"),
    case("charset_mismatch", "easy-ham-1/00439", text(LATIN1, UTF8_TYPE, b"8bit"),
         text(b"\x93Gr\xfc\xdfe\x94\r\n", b"text/plain; charset=windows-1252", b"8bit"), "log"),
    case("transfer_encoding_mismatch", "easy-ham-1/00347", text(UTF8, UTF8_TYPE, b"7bit"),
         text(UTF8, UTF8_TYPE, b"8bit"), "fix"),
    case("html_without_mime", "spam-2/00016", all_of(no_mime, body(b"<html>\r\n<p>Hello</p></html>\r\n")),
         all_of(no_mime, body(b"<http://test.example/html> is what I mean.\r\n")), "log"),
    case("html_only", "easy-ham-2/00947", text(b"<p>Hello</p>\r\n", b"text/html; charset=us-ascii"),
         text(PARTS + b"--=_b--\r\n", b'multipart/alternative; boundary="=_b"'), "log"),
    case("long_body_line", "easy-ham-1/02456", body(b"x " * 600 + b"\r\n"), body(b"x" * 998 + b"\r\n"), "fix"),
    case("eight_bit_body", "easy-ham-1/00007", text(UTF8, UTF8_TYPE, b"8bit"),
         text(b"Gr=C3=BC=C3=9Fe\r\n", UTF8_TYPE, b"quoted-printable"), "log"),
    case("nul_or_bare_cr_lf", "spam-2/00179", body(b"one\rtwo\r\n"), body(b"\r\n\r\none\r\n\r\n"), "reject"),
    case("mime_structure", "spam-1/00467", text(PARTS.replace(b"=_b", b"=_c"), OPEN_MULTIPART),
         text(PARTS, OPEN_MULTIPART), "reject"),
    case("unclosed_multipart", "hard-ham-1/00021", text(PARTS, OPEN_MULTIPART), text(PARTS + b"--=_b-- \t\r\n", OPEN_MULTIPART),
         "log"),
    case("header_injection", None, all_of(no_mime, body(b"Bcc: victim@dest.example\r\n\r\nBuy now\r\n")),
         all_of(no_mime, body(b"From: Steve Speer\r\nSubject: http://test.example/\r\n\r\nHave a look\r\n")), "reject"),
    case("many_repairs", None, more(*(b"X-Note-%d: Gr\xc3\xbc\xc3\x9fe" % at for at in range(101))),
         more(*(b"X-Note-%d: Gruesse" % at for at in range(101))), "reject"),
    case("many_recipients", "spam-2/00410", addressees(101), addressees(100), "log"),
]  # fmt: skip
