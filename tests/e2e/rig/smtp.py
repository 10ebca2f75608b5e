"""An SMTP client that sends the bytes as they are and keeps the final reply."""

import re
import smtplib
import ssl
from dataclasses import dataclass

from .place import HOST


@dataclass
class Reply:
    """The last reply of a transaction, and the step it came at."""

    code: int
    text: str
    step: str

    @property
    def queue_id(self) -> str | None:
        match = re.search(r"queued as (\S+)", self.text)
        return match[1] if match else None


class Client:
    """One SMTP connection that sends any number of messages."""

    def __init__(
        self, port: int, user: str | None = None, password: str = "secret", timeout: float = 60.0,
        tls: ssl.SSLContext | None = None, source: str = HOST,
    ):  # fmt: skip
        name, address = "client.test.example", (source, 0)
        self.smtp = smtplib.SMTP(HOST, port, local_hostname=name, timeout=timeout, source_address=address)
        code, text = self.smtp.ehlo()
        if code != 250:
            raise smtplib.SMTPResponseException(code, text)
        if tls:
            self.smtp.starttls(context=tls)
            self.smtp.ehlo()
        if user:
            self.smtp.login(user, password)

    def send(self, sender: str, recipients: list[str], message: bytes) -> Reply:
        """Envelope and data; bytes go out as they are, so `message` needs CRLF."""
        options = ["BODY=8BITMIME"] if any(byte > 127 for byte in message) else []
        code, text = self.smtp.mail(sender, options)
        if code != 250:
            return self._failed(code, text, "MAIL")
        for recipient in recipients:
            code, text = self.smtp.rcpt(recipient)
            if code != 250:
                return self._failed(code, text, "RCPT")
        code, text = self._data(message)
        return Reply(code, text.decode(errors="replace"), "DATA")

    def _data(self, message: bytes) -> tuple[int, bytes]:
        """smtplib's own `data` would rewrite lone CR and LF."""
        self.smtp.putcmd("data")
        code, text = self.smtp.getreply()
        if code != 354:
            self.smtp.rset()
            return code, text
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        self.smtp.send(re.sub(rb"(?:^|(?<=\r\n))\.", b"..", message) + b".\r\n")
        return self.smtp.getreply()

    def _failed(self, code: int, text: bytes, step: str) -> Reply:
        if code != 421:
            self.smtp.rset()
        return Reply(code, text.decode(errors="replace"), step)

    def close(self) -> None:
        self.smtp.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exc) -> None:
        self.close()


def submit(
    port: int, sender: str, recipients: list[str], message: bytes, user: str | None = None, source: str = HOST
) -> Reply:
    """One message on a connection of its own, from that address of loopback."""
    with Client(port, user, source=source) as client:
        return client.send(sender, recipients, message)
