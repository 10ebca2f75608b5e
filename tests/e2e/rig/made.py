"""Made messages: ordinary mail as libraries and people write it, with every form of address list, name and field."""

import random

from . import mail

NAMES = [
    "Alice", "Alice B. Doe", "Dr. Alice Doe", "Pat O'Neil", "'Kim Doe'", "Doe, Alice", '"Doe, Alice"', '"Dr. Alice \\"A\\" Doe"',
    "=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=", "=?utf-8?Q?J=C3=B6rg?= M. B.", "Dr. =?utf-8?Q?J=C3=B6rg?=", "=?utf-8?Q?J.M.?=",
    "=?utf-8?B?SsO2cmc=?=", "Sales [EU]", "Sales & Co", "Info@Work", "a.b@dest.example", "", 'Alice "Ace" Doe', "Alice (Ace) Doe",
    "Team: North", "-- Shop --", "100% Shop", "J. Müller", "Shop; EU", "A/B=C", "=?iso-8859-1?Q?Caf=E9_?= =?iso-8859-1?Q?No=2E1?=",
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
        self.random.shuffle(fields)
        return mail.crlf("\r\n".join([*fields, "", self.random.choice(BODIES)]).encode())


def messages(count: int, sender: str, seed: int = 12) -> list[bytes]:
    """The same messages for the same seed."""
    maker = _Maker(seed)
    return [maker.message(number, sender) for number in range(count)]
