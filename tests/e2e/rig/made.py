"""Made messages: ordinary mail as libraries and people write it, with every form of address list, name and field."""

import random

from . import mail

NAMES = [
    "Alice", "Alice B. Doe", "Dr. Alice Doe", "Pat O'Neil", "'Kim Doe'", "Doe, Alice", '"Doe, Alice"', '"Dr. Alice \\"A\\" Doe"',
    "=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=", "=?utf-8?Q?J=C3=B6rg?= M. B.", "Dr. =?utf-8?Q?J=C3=B6rg?=", "=?utf-8?Q?J.M.?=",
    "=?utf-8?B?SsO2cmc=?=", "Sales [EU]", "Sales & Co", "Info@Work", "a.b@dest.example", "", 'Alice "Ace" Doe', "Alice (Ace) Doe",
    "Team: North", "-- Shop --", "100% Shop", "J. Müller", "Shop; EU", "A/B=C", "Very " * 60, "=?iso-8859-1?Q?Caf=E9_?= =?iso-8859-1?Q?No=2E1?=",
]  # fmt: skip
LOCAL = ["bob", "bob.b", "o'neil", "bob+tag", '"bob b"', "b_b-b", "bob%x", "BOB", "b=b"]
DOMAINS = ["dest.example", "sub.dest.example", "DEST.example", "[192.0.2.1]"]
SUBJECTS = ["Hello", "Re:  Hello ", "a, b. c 'd'", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "x " * 40, "Tab\tin it", "Grüße", "folded\r\n subject"]
BODIES = ["Hello,\r\n\r\nall is well.\r\n", ".\r\n..\r\n", "trailing  \r\n\r\n\r\n", "Grüße\r\n", "", "From the top\r\n", "w " * 480 + "\r\n", "y" * 995 + "\r\n"]
FIELDS = [
    "X-Mailer: PHP/8.2", "References: <1@a.example><2@b.example>", "In-Reply-To: <1@a.example>\r\n\t<2@a.example>", "List-Unsubscribe: <https://a.example/x>,<mailto:u@a.example>",
    "Sender: Bob B. <bob@test.example>", "Errors-To: a@b.example,c@d.example", "Disposition-Notification-To: alice@test.example(Alice)",
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8", "MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=\"utf-8\"\r\nContent-Transfer-Encoding: 8bit",
    "Keywords: a,b", "Resent-To: a@b.example,c@d.example\r\nResent-From: alice@test.example", "X-Long: " + "word " * 190, "Comments: a. b,c",
    "Full-Name: Alice", "Return-Receipt-To: a@b.example,c@d.example", "Auto-Submitted: no", "Bcc: x@dest.example,y@dest.example", "Content-Length: 3",
]  # fmt: skip


PARTS = [
    "Content-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n", "\r\nwithout fields\r\n", "Content-Type: text/html\r\nContent-ID: <1@a.example>\r\n\r\n<p>x</p>\r\n",
    "Content-Type: application/pdf;\r\n\tname=\"a b.pdf\"\r\nContent-Disposition: attachment; filename=\"a b.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n",
    "Content-Type: message/rfc822\r\n\r\nFrom: Dr. A <a@b.example>\r\nTo: a@b.example,c@d.example\r\n\r\nhi\r\n", "no fields, no empty line\r\n", "Content-Type : text/plain\r\n\r\nblank\r\n",
    "Content-Type: multipart/alternative; boundary=\"i=1\"\r\n\r\n--i=1\r\n\r\nin\r\n--i=1--\r\n", "Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nopen\r\n",
    "Content-Type: multipart/related; boundary=i=2\r\n\r\n--i=2\r\n\r\nin\r\n--i=2--\r\n", "Content-Type: text/plain; name=\"" + "n" * 1100 + "\"\r\n\r\nlong\r\n",
]  # fmt: skip
BOUNDARIES = ["b", "----=_Part_1.2", "=_abc", "a/b", "a'b+c_d", "b b", "0000"]


class _Maker:
    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def address(self) -> str:
        return f"{self.random.choice(LOCAL)}@{self.random.choice(DOMAINS)}"

    def mailbox(self, address: str | None = None) -> str:
        address = address or self.address()
        name = self.random.choice(NAMES)
        if not name or self.random.random() < 0.2:
            return self.random.choice([address, f"<{address}>", f"{address} (Bob B.)", f"{address}(Bob)", f"(Bob) {address}"])
        return f"{name}{self.random.choice([' ', ' ', ' ', '', '  '])}<{address}>"

    def list(self) -> str:
        members = [self.mailbox() for _ in range(self.random.choice([1, 1, 2, 3, 8, 20]))]
        joined = self.random.choice([", ", ", ", ",", " , ", ",\r\n ", ",\r\n\t", ",  ", ",,"]).join(members)
        kind = self.random.random()
        if kind < 0.05:
            return f"Team Group: {joined};"
        if kind < 0.08:
            return "undisclosed-recipients:;"
        if kind < 0.11:
            return f"{joined}, local"
        if kind < 0.13:
            return f"{joined} other@dest.example"
        return joined

    def multipart(self) -> tuple[str, str]:
        """A Content-Type field and its body, which is now and then not closed."""
        boundary = self.random.choice(BOUNDARIES)
        quoted = f'"{boundary}"' if " " in boundary or self.random.random() < 0.6 else boundary
        kind = self.random.choice(["mixed", "alternative", "related", "signed", "report", "digest"])
        parts = "".join(f"--{boundary}\r\n{part}\r\n" for part in self.random.choices(PARTS[:5] * 4 + PARTS, k=self.random.randint(1, 3)))
        end = self.random.choice([f"--{boundary}--\r\n"] * 8 + [f"--{boundary}-- \r\n", ""])
        field = f"Content-Type: multipart/{kind};{self.random.choice([' ', chr(13) + chr(10) + chr(9)])}boundary={quoted}"
        return f"MIME-Version: 1.0\r\n{field}", self.random.choice(["", "preamble\r\n"]) + parts + end

    def message(self, number: int, sender: str) -> bytes:
        fields = [f"From: {self.mailbox(sender)}", f"Subject: {self.random.choice(SUBJECTS)}"]
        for name, part in (("To", 0.93), ("Cc", 0.4), ("Reply-To", 0.2)):
            if self.random.random() < part:
                fields.append(f"{name}: {self.list()}")
        if self.random.random() < 0.9:
            fields.append("Date: Sat, 28 Nov 2026 10:00:00 +0000")
        if self.random.random() < 0.9:
            name = self.random.choice(["Message-ID", "Message-Id", "message-id"])
            fields.append(f"{name}: <{number}@test.example>")
        fields += self.random.sample(FIELDS, self.random.randint(0, 3))
        body = self.random.choice(BODIES)
        if self.random.random() < 0.3:
            field, body = self.multipart()
            fields = [one for one in fields if not one.startswith("MIME-Version")] + [field]
        self.random.shuffle(fields)
        return mail.crlf("\r\n".join([*fields, "", body]).encode())


def messages(count: int, sender: str, seed: int = 12) -> list[bytes]:
    """The same messages for the same seed."""
    maker = _Maker(seed)
    return [maker.message(number, sender) for number in range(count)]
