"""The end of the line: an SMTP server that keeps the envelope and the exact bytes of each message.

CRLF stays CRLF, only the dots that RFC 5321 section 4.5.2 adds are taken off. It runs in a thread of its own.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import mail
from .place import HOST, free_port, wait_for


@dataclass
class Arrival:
    sender: str
    recipients: list[str]
    data: bytes
    mail_args: str = ""
    at: float = field(default_factory=time.monotonic)

    def value(self, name: str) -> bytes | None:
        return mail.value(self.data, name.encode())


class Sink:
    """`refuse(recipient)` true: 550 for that recipient. `eight_bit` false: 8BITMIME is not offered; `smtputf8` likewise."""

    def __init__(self, refuse: Callable[[str], bool] = lambda _recipient: False, eight_bit: bool = True,
                 smtputf8: bool = True):  # fmt: skip
        self.port = free_port()
        self.refuse = refuse
        self.eight_bit = eight_bit
        self.smtputf8 = smtputf8
        self.arrivals: list[Arrival] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._stop = asyncio.Event()
        self._ready = threading.Event()

    def start(self) -> "Sink":
        self._thread.start()
        if not self._ready.wait(5):
            raise RuntimeError("the sink does not listen")
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)

    def wait(self, count: int, timeout: float = 30.0) -> list[Arrival]:
        """All arrivals, once there are at least `count`."""
        wait_for(f"{count} messages at the sink", lambda: len(self.arrivals) >= count, timeout)
        return list(self.arrivals)

    def wait_for_subject(self, subject: str, timeout: float = 15.0) -> Arrival:
        """The message of that subject; subjects are unique in a test."""
        return wait_for(f"the message {subject!r} at the sink", lambda: self.find(subject), timeout)

    def find(self, subject: str) -> Arrival | None:
        return next((one for one in list(self.arrivals) if one.value("Subject") == subject.encode()), None)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._session, HOST, self.port, limit=1 << 26, backlog=512)
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Dialogue(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def __enter__(self) -> "Sink":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()


class _Dialogue:
    """One SMTP connection."""

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.sink, self.reader, self.writer = sink, reader, writer
        self.sender, self.mail_args, self.recipients = "", "", []

    def say(self, *lines: str) -> None:
        self.writer.write("".join(line + "\r\n" for line in lines).encode())

    async def run(self) -> None:
        self.say("220 sink.test.example ESMTP")
        while line := await self.reader.readline():
            verb, _, rest = line.decode("utf-8", "surrogateescape").strip().partition(" ")
            verb = verb.upper()
            if verb == "DATA":
                await self.data()
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                break
            else:
                self.say(*self.command(verb, rest))
            await self.writer.drain()

    def command(self, verb: str, rest: str) -> list[str]:
        if verb in ("EHLO", "LHLO"):
            extensions = ["PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "SIZE 0"]
            if self.sink.eight_bit:
                extensions += ["8BITMIME"]
                extensions += ["SMTPUTF8"] if self.sink.smtputf8 else []  # implies 8BITMIME for Postfix
            return ["250-sink.test.example", *(f"250-{name}" for name in extensions[:-1]), f"250 {extensions[-1]}"]
        if verb == "MAIL":
            self.sender, self.mail_args = _path(rest)
            self.recipients = []
            return ["250 2.1.0 ok"]
        if verb == "RCPT":
            recipient, _ = _path(rest)
            if self.sink.refuse(recipient):
                return ["550 5.1.1 no such user here"]
            self.recipients.append(recipient)
            return ["250 2.1.5 ok"]
        if verb == "RSET":
            self.recipients = []
        return ["250 2.0.0 ok"]

    async def data(self) -> None:
        if not self.recipients:
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        await self.writer.drain()
        raw = await self.reader.readuntil(b"\r\n")
        if raw != b".\r\n":
            raw += await self.reader.readuntil(b"\r\n.\r\n")
        message = re.sub(rb"(?:^|(?<=\r\n))\.", b"", raw[:-3])
        self.sink.arrivals.append(Arrival(self.sender, self.recipients, message, self.mail_args))
        self.say("250 2.0.0 kept")


def _path(rest: str) -> tuple[str, str]:
    match = re.match(r"(?i)(?:FROM|TO):\s*<([^>]*)>\s*(.*)", rest)
    return (match[1], match[2]) if match else ("", rest)
