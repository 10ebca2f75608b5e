"""A crowd of SMTP clients that numbers its messages and keeps each final reply, for the load tests."""

import smtplib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import mail
from .smtp import Client, Reply


@dataclass
class Sent:
    """One attempt of the crowd. `reply` is None when the connection broke before the final reply."""

    seq: int
    reply: Reply | None
    at: float
    error: str = ""


@dataclass
class Crowd:
    """`clients` threads that send `rate` messages a second in all, each with its own X-Seq.

    A client stays connected for `per_connection` messages, or until one is refused. A message that got no 250 is not
    sent again: each X-Seq has one reply at most, so what arrives can be checked against it.
    """

    port: int
    user: str
    make: Callable[[int], bytes]
    recipients: list[str]
    rate: float = 120.0
    clients: int = 20
    per_connection: int = 50
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._begin = time.monotonic()
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(self.clients)]

    def start(self) -> "Crowd":
        self._begin = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> list[Sent]:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
        return self.sent

    def accepted(self) -> list[Sent]:
        return [one for one in self.sent if one.reply and one.reply.code == 250]

    def longest_gap(self) -> float:
        """The longest time between two accepted messages."""
        times = sorted(one.at for one in self.accepted())
        return max((b - a for a, b in zip(times, times[1:])), default=float("inf"))

    def _take(self) -> int:
        """The next number, at the time when the rate allows it; a slow server is not punished by a burst later."""
        with self._lock:
            seq = self._next
            self._next += 1
            due = max(self._begin + seq / self.rate, time.monotonic() - 1.0)
            self._begin = due - seq / self.rate
        self._stop.wait(max(0.0, due - time.monotonic()))
        return seq

    def _client(self) -> None:
        connection: Client | None = None
        used = 0
        while not self._stop.is_set():
            seq = self._take()
            if self._stop.is_set():
                break
            try:
                if connection is None:
                    connection, used = Client(self.port, self.user), 0
                reply = connection.send(self.user, self.recipients, self.make(seq))
                self.sent.append(Sent(seq, reply, time.monotonic()))
                used += 1
                if used >= self.per_connection or reply.code != 250:
                    connection = _close(connection)
            except (OSError, smtplib.SMTPException) as error:
                self.sent.append(Sent(seq, _reply_of(error), time.monotonic(), repr(error)))
                connection = _close(connection)
        _close(connection)


def _close(connection: Client | None) -> None:
    if connection:
        try:
            connection.smtp.quit()
        except (OSError, smtplib.SMTPException):
            connection.close()


def _reply_of(error: Exception) -> Reply | None:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return Reply(error.smtp_code, text.decode(errors="replace") if isinstance(text, bytes) else text, "CONNECT")
    return None


def numbered(seq: int, sender: str, size: int = 2000) -> bytes:
    """A message of about `size` bytes that carries its number."""
    body = "".join(f"line {line:4} of message {seq}, some words to fill it up\n" for line in range(size // 48))
    return mail.make(sender, "sink@dest.example", f"number {seq}", body, f"X-Seq: {seq}")
