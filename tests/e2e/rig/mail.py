"""Fields of a message as bytes. Nothing here changes a byte that it was not asked to change."""

import hashlib
import re

FIELD = re.compile(rb"(?P<name>[!-9;-~]+)[ \t]*:(?P<body>(?:[^\r\n]|\r(?!\n)|(?<!\r)\n|\r\n[ \t])*)\r\n")


def split(message: bytes) -> tuple[bytes, bytes]:
    """The header section with its last CRLF, and the body."""
    head, _, body = message.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def fields(message: bytes) -> list[tuple[bytes, bytes]]:
    """Name and body of each field, in order, folding kept."""
    return [(match["name"], match["body"]) for match in FIELD.finditer(split(message)[0])]


def values(message: bytes, name: bytes) -> list[bytes]:
    """The bodies of all fields of that name, unfolded and stripped."""
    return [body.replace(b"\r\n", b"").strip() for field, body in fields(message) if field.lower() == name.lower()]


def value(message: bytes, name: bytes) -> bytes | None:
    found = values(message, name)
    return found[0] if found else None


def tags(signature: bytes) -> dict[str, str]:
    """The tags of a DKIM-Signature's field body (RFC 6376 section 3.2)."""
    pairs = (part.partition(b"=") for part in signature.split(b";") if part.strip())
    return {name.strip().decode(): re.sub(rb"\s+", b"", text).decode() for name, _, text in pairs}


def signatures(message: bytes) -> list[dict[str, str]]:
    return [tags(body) for body in values(message, b"DKIM-Signature")]


def crlf(message: bytes) -> bytes:
    """Bare LF to CRLF; what has CRLF already stays."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", message)


def make(sender: str, to: str, subject: str, body: str = "Hello,\n\nall is well.\n", *extra: str) -> bytes:
    """A small message in plain ASCII."""
    number = hashlib.sha256("\0".join((sender, to, subject, body)).encode()).hexdigest()[:16]
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Sun, 22 Nov 2026 10:00:00 +0000",
             f"Message-ID: <{number}@test.example>", "MIME-Version: 1.0",
             "Content-Type: text/plain; charset=us-ascii", *extra]  # fmt: skip
    return crlf(("\n".join(lines) + "\n\n" + body).encode())
