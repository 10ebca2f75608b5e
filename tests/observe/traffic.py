"""Mail of all kinds through a real Postfix, a little of each all the time, as a mail server sees it."""

import random
import threading
import time
from collections.abc import Callable

from rig import mail, smtp
from rig.world import World
from scene import DOMAINS

OUT = ["someone@dest.example", "somebody@dest.example", "anybody@dest.example"]


class Traffic:
    """Sends until the context is left. Each kind has a thread and a pace; `failures` are replies that are no answer."""

    def __init__(self, world: World, seed: int = 7):
        self.world = world
        self.random = random.Random(seed)
        self.stop = threading.Event()
        self.sent = 0
        self.errors: list[str] = []
        self.threads = [threading.Thread(target=self._repeat, args=kind, daemon=True) for kind in self._kinds()]

    def _kinds(self) -> list[tuple[Callable[[], None], float]]:
        """What is sent, and about how many seconds apart."""
        return [
            (self.ordinary, 0.12),
            (self.newsletter, 1.2),
            (self.from_outside, 0.5),
            (self.without_key, 2.2),
            (self.from_cron, 2.5),
            (self.forged, 1.7),
            (self.from_web_form, 0.8),
            (self.from_web_server, 1.5),
            (self.someone_else, 2.1),
            (self.too_much, 1.3),
            (self.injected, 2.7),
        ]

    def ordinary(self) -> None:
        """Of a user who has logged in; long ones now and then."""
        sender = f"alice@{self.random.choice(DOMAINS)}"
        size = self.random.choice([5, 20, 80, 300, 2000])
        self.submit(sender, "alice@test.example", self.random.sample(OUT, self.random.randint(1, 2)), size)

    def newsletter(self) -> None:
        """One message to many."""
        self.submit("news@test.example", "alice@test.example", [f"reader{number}@dest.example" for number in range(20)])

    def from_outside(self) -> None:
        """Comes in by the mx port and is none of ours."""
        sender = f"stranger@away{self.random.randint(1, 999)}.example"
        message = mail.make(sender, OUT[0], "from outside")
        smtp.submit(self.world.mx, sender, OUT[:1], message)

    def without_key(self) -> None:
        """Of a user who sends for a domain that has no key."""
        self.submit("bob@nokey.example", "bob@test.example")

    def from_cron(self) -> None:
        """Made on the machine itself."""
        self.world.postfix.sendmail("cron@test.example", OUT[:1], mail.make("cron@test.example", OUT[0], "from cron"))

    def forged(self) -> None:
        """Two From fields: refused."""
        head = "From: alice@test.example\nFrom: boss@test.example\n"
        text = f"{head}To: {OUT[0]}\nSubject: two From fields\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\nx\n"
        smtp.submit(self.world.submission, "alice@test.example", OUT[:1], mail.crlf(text.encode()), "alice@test.example")

    def from_web_form(self) -> None:
        """Umlauts as they are, no Date, no charset: mended."""
        text = f"From: shop@shop.example\nTo: {OUT[0]}\nSubject: Bestellung über Äpfel\n\nFünf Stück, bitte.\n"
        message = mail.crlf(text.encode())
        smtp.submit(self.world.submission, "shop@shop.example", OUT[:1], message, "alice@test.example")

    def from_web_server(self) -> None:
        """wwwrun@ becomes a sender that answers can be sent to."""
        self.submit("wwwrun@www.test.example", "web1@test.example")

    def someone_else(self) -> None:
        """Of a user who may not use the address: refused."""
        self.submit("boss@shop.example", "bob@test.example")

    def too_much(self) -> None:
        """Of a user with a small limit: most of it has to wait."""
        self.submit("carol@test.example", "carol@test.example")

    def injected(self) -> None:
        """A field in the body of a form's mail: refused."""
        text = f"From: alice@test.example\nTo: {OUT[0]}\nSubject: form\n\nBcc: all@dest.example\nContent-Type: text/html\n\nx\n"
        message = mail.crlf(text.encode())
        smtp.submit(self.world.submission, "alice@test.example", OUT[:1], message, "alice@test.example")

    def submit(self, sender: str, user: str, recipients: list[str] = OUT[:1], lines: int = 10, subject: str = "mail") -> smtp.Reply:
        message = mail.make(sender, recipients[0], subject, "Guten Tag,\n" * lines)
        return smtp.submit(self.world.submission, sender, recipients, message, user)

    def _repeat(self, send: Callable[[], None], pause: float) -> None:
        while not self.stop.wait(pause * self.random.uniform(0.3, 1.7)):
            try:
                send()
                self.sent += 1
            except (OSError, RuntimeError) as error:  # smtplib's errors are OSErrors
                self.errors.append(f"{send.__name__}: {error}")

    def start_burst(self, user: str, seconds: float) -> None:
        """A stolen account, for so long."""
        self.threads.append(threading.Thread(target=self._burst, args=(user, seconds), daemon=True))
        self.threads[-1].start()

    def _burst(self, user: str, seconds: float) -> None:
        """As fast as replies come."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stop.is_set():
            with smtp.Client(self.world.submission, user) as client:
                # Postfix hangs up on who makes too many errors.
                for _ in range(8):
                    client.send(user, self.random.sample(OUT, 2), mail.make(user, OUT[0], "you have won"))

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(30)
