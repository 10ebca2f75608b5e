"""Real mail: the ham of the public SpamAssassin corpus, as an MTA would get it from a user.

The mbox line that some files begin with is taken off, line ends become CRLF; nothing else is changed. All have exactly
one From field; 274 of 3,900 have 8-bit bytes; two have lines that are too long for SMTP.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from . import mail
from .place import CACHE, MissingTool

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
    files = sorted((CACHE / "corpus" / "data").glob("easy-ham-*/*.txt"))
    if not files:
        raise MissingTool("the mail corpus")
    return tuple(Message(f"{file.parent.name}/{file.stem}", _read(file)) for file in files)


def sample(count: int) -> list[Message]:
    """`count` messages spread evenly over the corpus, the ones with lines that are too long always among them."""
    everything = easy_ham()
    long = [one for one in everything if one.altered_by_postfix]
    rest = [one for one in everything if not one.altered_by_postfix]
    wanted = count - len(long)
    return [rest[at * len(rest) // wanted] for at in range(wanted)] + long


def _read(file: Path) -> bytes:
    data = file.read_bytes()
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    data = mail.crlf(data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"
