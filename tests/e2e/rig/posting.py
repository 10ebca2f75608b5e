"""Many messages through a Postfix with the daemon: for each its reply, its log line, and what arrived.

Each message has a reverse-path of its own, by which it is found again; not an octet is put into it.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import mail
from .place import wait_for
from .sink import Arrival
from .smtp import Client, Reply
from .world import World

CLIENTS = 8
TO = "someone@dest.example"
PREFIX = "header_checks."
# As for a client that is not the server itself, from which a submission server gets its mail: Postfix then leaves
# the header section alone.
REMOTE = {"local_header_rewrite_clients": "", "message_drop_headers": ""}


@dataclass
class Posted:
    """A message after all: `arrival` is None if it was refused."""

    sent: bytes
    reply: Reply
    line: dict
    arrival: Arrival | None

    @property
    def taken(self) -> bytes:
        """What was sent, as Postfix takes it: CR without LF goes at the end of a line, and is a space elsewhere."""
        return re.sub(rb"\r(?!\n)", b" ", re.sub(rb"\r+\r\n", b"\r\n", self.sent))

    @property
    def found(self) -> list[str]:
        """The checks that have found something."""
        return [one.removeprefix(PREFIX) for one in self.line["reasons"] if one.startswith(PREFIX)]

    @property
    def rejected(self) -> bool:
        return self.reply.code == 550

    @property
    def fixed(self) -> list[str]:
        """The checks that have repaired something, as the message tells."""
        value = self.arrival.value("X-Postseal-Fixed") if self.arrival else None
        return value.decode().replace(" ", "").split(",") if value else []

    @property
    def arrived(self) -> bytes:
        """The message without what every message gets: our signatures and the Received field of this Postfix."""
        head, body = mail.split(self.arrival.data)
        while match := re.match(rb"(?:DKIM-Signature:[^\r]*d=test\.example;|Received:)", head):
            received = match[0] == b"Received:"
            head = mail.FIELD.sub(b"", head, count=1)
            if received:
                break
        return head + b"\r\n" + body


def post(here: World, messages: Sequence[bytes], user: str, login: bool = True) -> list[Posted]:
    """In the order of `messages`, once the queue is empty."""
    domain = user.partition("@")[2]
    before = len(here.sink.arrivals)

    def send(part: range) -> list[tuple[int, Reply]]:
        with Client(here.submission, user if login else None) as client:
            return [(at, client.send(f"m{before + at}@{domain}", [TO], messages[at])) for at in part]

    clients = min(CLIENTS, len(messages))
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(send, (range(first, len(messages), clients) for first in range(clients))))
    replies = dict(pair for part in parts for pair in part)
    here.postfix.wait_empty(120)
    lines = wait_for("all log lines", lambda: _by_sender(here, before, domain, len(messages)))
    arrivals = {one.sender: one for one in here.sink.arrivals[before:]}
    senders = [f"m{before + at}@{domain}" for at in range(len(messages))]
    return [Posted(messages[at], replies[at], lines[one], arrivals.get(one)) for at, one in enumerate(senders)]


def _by_sender(here: World, before: int, domain: str, count: int) -> dict[str, dict] | None:
    wanted = {f"m{before + at}@{domain}" for at in range(count)}
    lines = {line["mail_from"].strip("<>"): line for line in here.daemon.messages() if "mail_from" in line}
    return {one: lines[one] for one in wanted} if wanted <= lines.keys() else None
