"""What readers see of a message: Python's email package, and mail-parser (the example `reader`, in Rust).

`worse(before, after)` tells where a repair has made a reader see something else than before, and nothing better.
"""

import json
import re
import subprocess
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses

from .place import ROOT

ADDRESS_FIELDS = ("From", "Sender", "Reply-To", "To", "Cc")


@dataclass(frozen=True)
class Seen:
    """Decoded: the subject, field, name and address of each mailbox, and the text of each text part.

    Also the name of the file of each part, and the types of the parts, if the reader tells them.
    """

    subject: str
    mailboxes: list[tuple[str, str, str]]
    texts: list[str]
    files: list[str] = field(default_factory=list)
    structure: list[str] = field(default_factory=list)


class PythonEmail:
    name = "Python's email package"

    def sees(self, message: bytes) -> Seen:
        parsed = message_from_bytes(message, policy=policy.compat32)
        mailboxes = [
            (header, _decoded(name), address)
            for header in ADDRESS_FIELDS
            for value in parsed.get_all(header, [])
            for name, address in getaddresses([_unfolded(value)])
        ]
        parts = list(parsed.walk())
        texts = [_text(part) for part in parts if part.get_content_maintype() == "text"]
        files = [_decoded(part.get_filename("")) for part in parts if not part.is_multipart()]
        structure = [part.get_content_type() for part in parts]
        return Seen(_decoded(parsed.get("Subject", "")), mailboxes, texts, files, structure)


class MailParser:
    """Use as a context manager: the process ends with it."""

    name = "mail-parser"

    def __init__(self):
        binary = ROOT / "target" / "release" / "examples" / "reader"
        if not binary.exists():
            raise FileNotFoundError(f"{binary} is missing: run `cargo build --release --example reader`")
        self.child = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def sees(self, message: bytes) -> Seen:
        self.child.stdin.write(b"%d\n%s" % (len(message), message))
        self.child.stdin.flush()
        seen = json.loads(self.child.stdout.readline())
        mailboxes = [(header, name or "", address or "") for header, name, address in seen["addresses"]]
        return Seen(seen["subject"] or "", mailboxes, seen["texts"])

    def __enter__(self) -> "MailParser":
        return self

    def __exit__(self, *_exc) -> None:
        self.child.stdin.close()
        self.child.wait(5)
        self.child.stdout.close()


def worse(before: Seen, after: Seen) -> list[str]:
    """What is not the same, and not what the reader could only not read before."""
    for seen in (before, after):
        # A field without addresses names nobody, so the field may go.
        seen.mailboxes[:] = [one for one in seen.mailboxes if one[1] or one[2]]
    found = _differences("subject", [before.subject], [after.subject], words=True)
    addresses = [[one[2] for one in seen.mailboxes] for seen in (before, after)]
    if addresses[0] != addresses[1]:
        found.append(f"addresses: {addresses[0]} became {addresses[1]}")
    names = ([f"{header}: {name}" for header, name, _ in seen.mailboxes] for seen in (before, after))
    found += _differences("display name", *names, words=True)
    found += _differences("file name", before.files, after.files, words=True)
    if before.structure != after.structure:
        found.append(f"structure: {before.structure} became {after.structure}")
    return found + _differences("text", before.texts, after.texts, words=False)


def is_as_good(before: str, after: str) -> bool:
    """The same; or what was unreadable is readable; or UTF-8 that was taken for another charset is none no more."""
    if before == after:
        return True
    if UNREADABLE.search(after):
        return False
    pattern = "[^\x00-\x7f]+".join(re.escape(part) for part in UNREADABLE.split(before))
    return bool(re.fullmatch(pattern, after, re.DOTALL)) or _is_mistaken(before, after)


# Octets beside unreadable ones are readable by chance.
UNREADABLE = re.compile("[^\x00-\x7f]*[\ufffd\udc80-\udcff][^\x00-\x7f]*")


def _is_mistaken(before: str, after: str) -> bool:
    """`before` are the octets of `after` in UTF-8, taken for another charset; what this does not have, for anything."""
    return any(_are_octets(before, charset, after.encode()) for charset in ("windows-1252", "iso-8859-15"))


def _are_octets(text: str, charset: str, octets: bytes) -> bool:
    pattern = b""
    for one in text:
        try:
            pattern += re.escape(one.encode("latin-1" if one < "\xa0" else charset))
        except UnicodeError:
            pattern += b"[\x80-\xff]"
    return re.fullmatch(pattern, octets, re.DOTALL) is not None


def _differences(what: str, before: list[str], after: list[str], words: bool) -> list[str]:
    if len(before) != len(after):
        return [f"{what}: {len(before)} became {len(after)}"]
    if words:
        before, after = ([re.sub("[ \t\r\n]+", " ", text).strip() for text in texts] for texts in (before, after))
    return [f"{what}: {a[:200]!r} became {b[:200]!r}" for a, b in zip(before, after) if not is_as_good(a, b)]


def _decoded(value) -> str:
    """Unfolded, with encoded-words decoded; what can't be decoded as it is. Raw 8-bit comes out as U+FFFD."""
    text = _unfolded(value)
    try:
        # decode_header would write the six characters of an escape for U+FFFD
        return str(make_header(decode_header(text.replace("\ufffd", "\x1a")))).replace("\x1a", "\ufffd")
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def _unfolded(value) -> str:
    return re.sub(r"\r?\n(?=[ \t])", "", str(value))


def _text(part) -> str:
    octets = part.get_payload(decode=True) or b""
    try:
        return octets.decode(part.get_content_charset("us-ascii"), "replace")
    except LookupError:
        return octets.decode("us-ascii", "replace")
