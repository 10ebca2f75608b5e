"""Real messages with the defects that programs bring about: raw text in any field, lines too long, fields that are gone.

A mutation uses one charset throughout, as a program would.
"""

import random
import re

from header_cases import field
from rig import mail

WORDS = ["Grüße", "£5", "naïve", "Ünïcödé", "“quoted”", "日本語", "€", "Ñandú", "пример", "ß", "é", "x", "the", "=?", "?=",
         "=?utf-8?Q?=C3=BC?=", "(a)", '"q"', ",", ";", ":", "<b>", "a@b.example", "…", "😀"]  # fmt: skip
NAMES = [word for word in WORDS if not re.search(r'[,;:<>@()"]', word)]
TYPES = [b"text/plain", b"text/plain; charset=us-ascii; format=flowed", b'TEXT/PLAIN; CHARSET="utf-8"',
         b'text/plain; charset=iso-8859-1; x="a;b"', b"text/html;\r\n\tcharset = us-ascii (c)"]  # fmt: skip
ENDS = [b" \r\n", b"\t\r\n\r\n\r\n", b"\r\nFrom x\r\n..\r\n.a\r\n", b"=\r\n", b"=20\r\n"]
FIELDS = ["Date", "Message-ID", "MIME-Version", "Content-Transfer-Encoding", "Content-Type"]


class Mutator:
    """The same seed makes the same messages."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.charset = "utf-8"

    def mutated(self, message: bytes) -> bytes:
        """With one to three defects, or what comes close to one."""
        self.charset = self.random.choice(["utf-8", "windows-1252"])
        edits = [self.subject, self.sender, self.recipients, self.comment, self.gap, self.fold, self.references,
                 self.line, self.note, self.content_type, self.end]  # fmt: skip
        for edit in self.random.sample(edits, self.random.randint(1, 3)):
            message = edit(message)
        return message if message.endswith(b"\r\n") else message + b"\r\n"

    def subject(self, message: bytes) -> bytes:
        return field("Subject", self._text(self.random.randint(1, 30)))(message)

    def sender(self, message: bytes) -> bytes:
        return field("From", self._name() + b" <from@test.example>")(message)

    def recipients(self, message: bytes) -> bytes:
        names = (self._name() + b" <to%d@test.example>" % at for at in range(self.random.randint(1, 5)))
        return field("To", b",\r\n ".join(names))(message)

    def comment(self, message: bytes) -> bytes:
        text = re.sub(rb"[()]", b"", self._text(2))
        return field("Reply-To", b"reply@test.example (%s)" % text)(message)

    def gap(self, message: bytes) -> bytes:
        return field(self.random.choice(FIELDS), None)(message)

    def fold(self, message: bytes) -> bytes:
        return field("Subject", b"one\r\n \r\n\t\r\n two")(message)

    def references(self, message: bytes) -> bytes:
        ids = (b"<%d.%s@test.example>" % (at, b"y" * self.random.randint(1, 40)) for at in range(60))
        return field("References", b" ".join(ids))(message)

    def line(self, message: bytes) -> bytes:
        head, body = mail.split(message)
        lines = body.split(b"\r\n")
        lines[self.random.randrange(len(lines))] = self._text(self.random.choice([3, 300]))
        return head + b"\r\n" + b"\r\n".join(lines)

    def note(self, message: bytes) -> bytes:
        return field("X-Note", self._text(self.random.randint(1, 300)))(message)

    def content_type(self, message: bytes) -> bytes:
        return field("Content-Type", self.random.choice(TYPES))(message)

    def end(self, message: bytes) -> bytes:
        return message.rstrip(b"\r\n") + self.random.choice(ENDS)

    def _text(self, words: int, among: list[str] = WORDS) -> bytes:
        text = " ".join(self.random.choice(among) for _ in range(words))
        return text.encode(self.charset, "replace")

    def _name(self) -> bytes:
        name = self._text(self.random.randint(1, 4), NAMES)
        return self.random.choice([name, b'"%s"' % name, b'"%s, %s"' % (name, name)])
