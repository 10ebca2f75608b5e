"""The three mails of the demo."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid

GREETING = """\
Liebe Grüße aus Köln,

anbei die Übersicht für Mörfelden-Walldorf.

Schöne Tage wünscht
Jörg
"""


@dataclass
class Letter:
    title: str
    user: str
    data: bytes
    signatures: int  # that it should have when it arrives


def _letter(sender: str, subject: str, text: str, domain: str, encoding: str = "7bit") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = "Someone <someone@dest.example>"
    message["Subject"] = subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid(domain=domain)
    message.set_content(text, cte=encoding)
    return message


def letters(domain: str) -> list[Letter]:
    alice, bob = f"alice@{domain}", "bob@elsewhere.example"
    plain = _letter(f"Alice <{alice}>", "Lunch?", "Hello,\n\nat noon, as ever?\n\nAlice\n", domain)
    german = _letter(f"Jörg Müller <{alice}>", "Grüße aus Köln", GREETING, domain, "8bit")
    german.add_attachment(
        bytes(range(256)) * 8, maintype="application", subtype="octet-stream", filename="Übersicht.bin"
    )
    foreign = _letter(f"Bob <{bob}>", "From elsewhere", "Hello,\n\nno key for my domain here.\n", "elsewhere.example")
    return [
        Letter("1. A plain mail", alice, plain.as_bytes(), 2),
        Letter("2. German, with umlauts and an attachment", alice, german.as_bytes(), 2),
        Letter("3. From a user whose domain has no key", bob, foreign.as_bytes(), 0),
    ]
