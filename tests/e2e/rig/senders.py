"""The daemon with a `[sender]` section behind a real MTA with SASL logins, and a way in for a web server's network."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from . import mail, smtp
from .place import Place, wait_for
from .postfix import Listener, Postfix
from .postseal import Postseal
from .postseal_config import Config, Milter, domain
from .sendmail import Sendmail
from .sink import Arrival, Sink
from .world import REFUSED

ALICE, WEB1 = "alice@test.example", "web1@test.example"
OUT = "someone@dest.example"

_numbers = itertools.count(1)

OWNERS = """
[sender]
default_domain = "host.test.example"
{settings}
[[sender.owner]]
user = "alice@test.example"
may_use = ["info@test.example", "@sales.test.example", "@.shops.test.example", "a@grüße.example"]
[[sender.owner]]
listener = "web"
may_use = ["webmaster@test.example", "@host.test.example"]
[[sender.rewrite]]
match = "wwwrun@*.test.example"
to = "webmaster@test.example"
[[sender.rewrite]]
match = "*@old.test.example"
to = "$1@test.example"
"""


@dataclass
class Mta:
    """One MTA with its daemon. `users` is the port for logins, `web` that of the web servers."""

    name: str
    daemon: Postseal
    sink: Sink
    users: int
    web: int
    seen: int = 0
    last: str = ""

    def submit(
        self, fields: str | bytes, envelope: str, user: str | None = ALICE, to: str = OUT, subject: str = ""
    ) -> smtp.Reply:
        """A message with these fields, one a line, on top; by a user with a login, or by a web server."""
        subject = subject or f"who sends {next(_numbers)}"
        if self.last:
            # its line comes after the reply, and must not be taken for that of the next message
            with suppress(TimeoutError):
                wait_for("the log line before", self._line, 2.0)
        self.seen, self.last = len(self.daemon.messages()), message_id(subject)
        return smtp.submit(self.users if user else self.web, envelope, [to], message(fields, subject), user)

    def delivered(self, fields: str, envelope: str, user: str | None = ALICE) -> Arrival:
        subject = f"to be delivered {next(_numbers)}"
        reply = self.submit(fields, envelope, user, subject=subject)
        assert reply.code == 250, reply
        return self.sink.wait_for_subject(subject)

    def line(self) -> dict:
        """The log line of the last message that was submitted."""
        return wait_for("the log line", self._line)

    def _line(self) -> dict | None:
        # a message that ended before DATA has no Message-ID
        new = self.daemon.messages()[self.seen :]
        return next((line for line in new if line["message_id"] in (None, self.last)), None)


def message_id(subject: str) -> str:
    return f"<{subject.replace(' ', '.')}@test.example>"


def message(fields: str | bytes, subject: str = "who sends") -> bytes:
    head = fields if isinstance(fields, bytes) else fields.encode()
    rest = f"To: {OUT}\nSubject: {subject}\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: {message_id(subject)}\n"
    return mail.crlf(head + b"\n" + rest.encode() + b"\nHello.\n")


@contextmanager
def mta(name: str, place: Place, keys: list, settings: str = "", more: str = "") -> Iterator[Mta]:
    """Postfix or Sendmail with the owners above."""
    milters = [Milter(one, one if one == "local" else "submission") for one in ("submission", "web", "local")]
    origin = {"authenticated": True, "networks": ["127.0.0.0/8"]}
    folder = f"{name}-{next(_numbers)}"
    config = Config(milters, [domain("test.example", keys)], origin=origin, more=OWNERS.format(settings=settings) + more)
    daemon = Postseal(place.folder(f"postseal-{folder}"), config)
    with ExitStack() as stack:
        stack.enter_context(daemon)
        sink = stack.enter_context(Sink(refuse=lambda recipient: recipient == REFUSED))
        if name == "postfix":
            ports = [
                Listener("submission", daemon.milter("submission"), sasl=True),
                # Postfix would complete addresses in fields by itself before we see them.
                Listener("web", daemon.milter("web"), options={"local_header_rewrite_clients": ""}),
            ]
            settings_ = {"non_smtpd_milters": daemon.milter("local"), "internal_mail_filter_classes": "bounce"}
            postfix = stack.enter_context(Postfix(place.folder(folder), sink.port, ports, (ALICE, WEB1), **settings_))
            yield Mta(name, daemon, sink, postfix.port("submission"), postfix.port("web"))
            return
        submission, web = (
            stack.enter_context(
                Sendmail(place.folder(f"{folder}-{one.name}"), sink.port, one.for_sendmail, (ALICE, WEB1))
            )
            for one in milters[:2]
        )
        yield Mta(name, daemon, sink, submission.port, web.port)
