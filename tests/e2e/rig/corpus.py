"""Real mail: the public SpamAssassin corpus, as an MTA would get it from a user.

The mbox line that some files begin with is taken off, line ends become CRLF; nothing else is changed. Of the 3,900 that
are easy ham all have exactly one From field; 274 have 8-bit bytes; two have lines that are too long for SMTP.
"""

import functools
import re
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from . import mail
from .place import CACHE, MissingTool

_ODD_HEADER = re.compile(rb"[^\t\r\n -~]|=\?")
SMTP_LINE = 998  # RFC 5321 section 4.5.3.1.6; Postfix's smtp(8) breaks longer ones after the milter


@dataclass(frozen=True)
class Message:
    name: str
    data: bytes

    @property
    def longest_line(self) -> int:
        return max(len(line) for line in self.data.split(b"\r\n"))

    @property
    def altered_by_postfix(self) -> bool:
        """Postfix inserts CRLF SPACE into lines over 998 bytes when it sends, after all milters."""
        return self.longest_line > SMTP_LINE


@functools.cache
def easy_ham() -> tuple[Message, ...]:
    """All 3,900 messages of easy-ham-1 and easy-ham-2, in the order of their names."""
    return _all_of("easy-ham-*")


@functools.cache
def everything() -> tuple[Message, ...]:
    """All 6,046 messages: easy ham, hard ham, spam."""
    return _all_of("*")


@functools.cache
def named(name: str) -> Message:
    """The message with this name, or the only one whose name begins so."""
    found = list(_all_of(f"{name}*" if "/" not in name else name.partition("/")[0], f"{name.rpartition('/')[2]}*.txt"))
    assert len(found) == 1, f"{name}: {len(found)} messages have such a name"
    return found[0]


def sample(count: int) -> list[Message]:
    """`count` messages spread evenly over the corpus, the ones with lines that are too long always among them."""
    everything = easy_ham()
    long = [one for one in everything if one.altered_by_postfix]
    rest = [one for one in everything if not one.altered_by_postfix]
    wanted = count - len(long)
    return [rest[at * len(rest) // wanted] for at in range(wanted)] + long


def is_one_text(message: bytes) -> bool:
    """The message is text and nothing else, and its octets stand for themselves."""
    parsed = message_from_bytes(message)
    encoding = str(parsed.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    return parsed.get_content_maintype() == "text" and encoding in ("7bit", "8bit", "binary")


def odd_sample(count: int) -> list[Message]:
    """`count` messages of easy ham: those with something odd that is rare, the rest spread evenly."""
    everything = easy_ham()
    odd = [one for one in everything if one.altered_by_postfix or _ODD_HEADER.search(one.data.partition(b"\r\n\r\n")[0])]
    rest = [one for one in everything if one not in odd]
    wanted = count - len(odd)
    return odd + [rest[at * len(rest) // wanted] for at in range(wanted)]


def _all_of(folders: str, names: str = "*.txt") -> tuple[Message, ...]:
    files = sorted((CACHE / "corpus" / "data").glob(f"{folders}/{names}"))
    if not files:
        raise MissingTool("the mail corpus")
    return tuple(Message(f"{file.parent.name}/{file.stem}", _read(file)) for file in files)


def _read(file: Path) -> bytes:
    data = file.read_bytes()
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    data = mail.crlf(data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"
