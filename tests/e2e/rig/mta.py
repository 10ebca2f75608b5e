"""The MTA's side of the milter protocol, byte by byte: for what no real MTA and no other tool can be made to send.

It keeps every packet that comes back, and knows from the negotiation which commands get a reply.
"""

import socket
import struct
from dataclasses import dataclass, field

from .place import HOST

ACTIONS = 0x1FF
STEPS = 0x1FFFFF
LEADING_SPACE = 0x100000

# command -> (bit that switches it off, bit that waives its reply)
BITS = {
    b"C": (0x1, 0x1000), b"H": (0x2, 0x2000), b"M": (0x4, 0x4000), b"R": (0x8, 0x8000), b"T": (0x200, 0x10000),
    b"L": (0x20, 0x80), b"N": (0x40, 0x40000), b"B": (0x10, 0x80000), b"U": (0x100, 0x20000), b"E": (0, 0),
}  # fmt: skip
FINAL = (b"a", b"c", b"d", b"r", b"t", b"y", b"4", b"f")

FIELDS = [
    (b"From", b" alice@test.example"), (b"To", b" someone@dest.example"), (b"Subject", b" raw"),
    (b"Date", b" Sun, 22 Nov 2026 10:00:00 +0000"), (b"Message-ID", b" <1@test.example>"),
]  # fmt: skip
ALICE = {"{auth_type}": "PLAIN", "{auth_authen}": "alice@test.example"}


class Closed(ConnectionError):
    """The filter has closed the connection."""


@dataclass
class Answer:
    """All that came back at end of message."""

    edits: list[tuple[bytes, bytes]] = field(default_factory=list)
    final: bytes = b""
    text: bytes = b""

    def inserted(self) -> list[tuple[int, bytes, bytes]]:
        """Index, name and body of each field that is to be inserted."""
        found = []
        for command, data in self.edits:
            if command == b"i":
                name, value = data[4:].split(b"\0")[:2]
                found.append((struct.unpack(">I", data[:4])[0], name, value))
        return found


def packet(command: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data) + 1) + command + data


def macros(stage: bytes, values: dict[str, str]) -> bytes:
    pairs = "".join(f"{name}\0{value}\0" for name, value in values.items())
    return packet(b"D", stage + pairs.encode())


class Mta:
    """One connection to the filter."""

    def __init__(self, port: int, timeout: float = 5.0):
        self.socket = socket.create_connection((HOST, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.steps = 0
        self.wanted: dict[int, list[str]] = {}
        self.leading_space = b""

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> tuple[bytes, bytes]:
        length = struct.unpack(">I", self._exactly(4))[0]
        body = self._exactly(length)
        return body[:1], body[1:]

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except ConnectionResetError as error:
                raise Closed from error
            if not part:
                raise Closed
            data += part
        return data

    def silent(self, seconds: float = 0.2) -> bool:
        """Nothing came for that long."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b"never"
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5.0)

    def negotiate(self, version: int = 6, actions: int = ACTIONS, steps: int = STEPS) -> tuple[int, int, int]:
        self.write(packet(b"O", struct.pack(">III", version, actions, steps)))
        command, data = self.read()
        assert command == b"O", command
        version, actions, self.steps = struct.unpack(">III", data[:12])
        rest = data[12:]
        while rest:
            stage = struct.unpack(">I", rest[:4])[0]
            names, _, rest = rest[4:].partition(b"\0")
            self.wanted[stage] = names.decode().split()
        self.leading_space = b" " if self.steps & LEADING_SPACE else b""
        return version, actions, self.steps

    def command(self, command: bytes, data: bytes = b"") -> bytes | None:
        """Sends a step unless it is switched off; the reply, or None if none is due."""
        off, waived = BITS[command]
        if self.steps & off:
            return None
        self.write(packet(command, data))
        if self.steps & waived:
            return None
        return self.read()[0]

    def hello(self, connect: bytes = b"client.example\0" + b"4\x30\x39192.0.2.9\0") -> None:
        self.write(macros(b"C", {"j": "mta.test.example", "v": "Postfix 3.7.11"}))
        assert self.command(b"C", connect) in (None, b"c")
        assert self.command(b"H", b"client.example\0") in (None, b"c")

    def envelope(self, login: dict[str, str] = ALICE, sender: bytes = b"<alice@test.example>\0") -> None:
        self.write(macros(b"M", login))
        assert self.command(b"M", sender) in (None, b"c")
        assert self.command(b"R", b"<someone@dest.example>\0") in (None, b"c")
        assert self.command(b"T") in (None, b"c")

    def content(self, body: list[bytes], fields: list[tuple[bytes, bytes]] | None = None) -> None:
        for name, value in FIELDS if fields is None else fields:
            value = value if self.leading_space else value.removeprefix(b" ")
            assert self.command(b"L", name + b"\0" + value.replace(b"\r\n", b"\n") + b"\0") in (None, b"c")
        assert self.command(b"N") in (None, b"c")
        for chunk in body:
            assert self.command(b"B", chunk) in (None, b"c")

    def finish(self, last_chunk: bytes = b"") -> Answer:
        self.write(packet(b"E", last_chunk))
        return self.answer()

    def answer(self) -> Answer:
        answer = Answer()
        while True:
            command, data = self.read()
            if command in FINAL:
                answer.final, answer.text = command, data
                return answer
            answer.edits.append((command, data))

    def message(self, body: bytes = b"Hello.\r\n", fields: list[tuple[bytes, bytes]] | None = None) -> Answer:
        """Envelope to final reply, of a user who has logged in."""
        self.envelope()
        self.content([body], fields)
        return self.finish()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "Mta":
        return self

    def __exit__(self, *_exc) -> None:
        self.close()


def as_delivered(answer: Answer, body: bytes, fields: list[tuple[bytes, bytes]] | None = None) -> bytes:
    """The message with the inserted fields on top, as Postfix would deliver it (with leading space negotiated)."""
    head: list[bytes] = []
    for index, name, value in answer.inserted():
        head.insert(min(index, len(head)), name + b":" + value.replace(b"\n", b"\r\n") + b"\r\n")
    head += [name + b":" + value + b"\r\n" for name, value in (FIELDS if fields is None else fields)]
    return b"".join(head) + b"\r\n" + body
