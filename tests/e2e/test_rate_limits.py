"""Rate limits behind a real Postfix: exactly as many as the limit allows, and only what was accepted is charged."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import HOST, need_tool, wait_for
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sink import Sink
from rig.world import World

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "trent")
OUT = "someone@dest.example"


def user(name: str) -> str:
    return f"{name}@{DOMAIN}"


def rule(name: str, count: str, limits: dict[str, str], *more: str, key: str = '["user"]', limit: str = "100GB/1d") -> str:
    """A rule with a limit that nobody reaches, but for those who have one of their own."""
    limit = limit if count == "bytes" else limit.replace("GB", "000000")
    own = ", ".join(f'"{key}" = {value}' for key, value in limits.items())
    lines = [f'name = "{name}"', f"key = {key}", f'count = "{count}"', f'limit = "{limit}"', f"override = {{ {own} }}"]
    return "\n".join(["[[rate_limit]]", *lines, *more]) + "\n\n"


RULES = "".join([
    rule("messages", "messages", {
        user("alice"): '"20/1h"', user("dave"): '["4/5s", "6/1h"]', user("frank"): '"5/1h"', user("ivan"): '"3/1h"',
        user("trent"): '"12/1h"',
    }),
    rule("recipients", "recipients", {user("bob"): '"10/1h"', user("frank"): '"5/1h"'}),
    rule("bytes", "bytes", {user("carol"): '"50KB/1h"'}),
    rule("domain", "messages", {"three.example": '"25/1h"'}, key='["sender_domain"]'),
    rule("client", "messages", {"127.0.0.1": '"100/1h"'}, 'origin = ["network"]', key='["client"]'),
    rule("guessing", "rejected_recipients", {user("mallory"): '"3/1h"'}, 'action = "reject"', 'block = "1h"'),
    rule("hold", "messages", {user("judy"): '"2/1h"'}, 'action = "quarantine"'),
    rule("shadow", "messages", {user("heidi"): '"2/1h"'}, 'action = "log"'),
])  # fmt: skip
REFUSED_BY_POSTFIX = "check_recipient_access inline:{nobody@dest.example=reject},permit_sasl_authenticated,reject"


@pytest.fixture(scope="module")
def here(place, keys):
    milters = [Milter("submission"), Milter("relay")]
    config = Config(
        milters, [domain(DOMAIN, keys)], dkim={"on_missing_key": "tempfail"},
        origin={"authenticated": True, "networks": ["127.0.0.0/8"]}, more=RULES,
    )  # fmt: skip
    daemon = Postseal(place.folder("postseal"), config)
    ports = [
        Listener("submission", daemon.milter("submission"), True, {"smtpd_recipient_restrictions": REFUSED_BY_POSTFIX}),
        Listener("relay", daemon.milter("relay")),
    ]
    users = tuple(map(user, USERS))
    with Sink() as sink, daemon, Postfix(place.folder("postfix"), sink.port, ports, users) as postfix:
        yield World(daemon, postfix, sink)


def send(here, name: str, subject: str, to: list[str] | None = None, **more) -> smtp.Reply:
    sender = more.get("sender", user(name))
    message = more.get("message") or mail.make(f"{name}@{DOMAIN}", OUT, subject, more.get("body", "x\n"))
    return smtp.submit(here.submission, sender, to or [OUT], message, user(name))


def arrived(here, prefix: str) -> list:
    here.postfix.wait_empty()
    return [one for one in here.sink.arrivals if (one.value("Subject") or b"").startswith(prefix.encode())]


def test_messages_of_one_user_sent_at_once(here):
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: send(here, "alice", f"alice {n}"), range(30)))
    refused = [reply for reply in replies if reply.code != 250]
    assert len(refused) == 10 and {(reply.code, reply.step) for reply in refused} == {(450, "MAIL")}
    assert "4.7.1 Sending limit reached (messages: 20/1h messages); try again in" in refused[0].text
    assert len(arrived(here, "alice ")) == 20
    assert send(here, "erin", "erin").code == 250, "others are not touched"


def test_only_recipients_over_the_limit_are_refused(here):
    codes = []
    for number in range(3):
        with smtp.Client(here.submission, user("bob")) as client:
            client.smtp.mail(user("bob"))
            answers = [client.smtp.rcpt(f"r{one}@dest.example") for one in range(6)]
            codes.append([code for code, _ in answers])
            if 250 in codes[-1]:
                client._data(mail.make(user("bob"), OUT, f"bob {number}"))
    assert codes == [[250] * 6, [250] * 4 + [450] * 2, [450] * 6]
    assert sorted(len(one.recipients) for one in arrived(here, "bob ")) == [4, 6]


def test_octets(here):
    replies = [send(here, "carol", f"carol {number}", body="y" * 69 + "\n" + ("z" * 69 + "\r\n") * 130) for number in range(10)]
    messages = arrived(here, "carol ")
    own = [len(one.data) for one in messages]
    assert [reply.code for reply in replies] == [250] * 5 + [450] * 5, replies
    assert {reply.step for reply in replies[5:]} == {"DATA"}, "smtplib declares no size here"
    assert sum(own) <= 50_000 + 5 * 1500, "what Postfix and the signer add is not counted"
    with smtp.Client(here.submission, user("carol")) as client:
        code, text = client.smtp.mail(user("carol"), ["SIZE=20000"])
        assert code == 450, "the declared size is refused at MAIL"
        code, text = client.smtp.mail(user("carol"), ["SIZE=60000"])
        assert code == 550 and b"More than the sending limit allows at all" in text


def test_two_windows(here):
    accepted, codes, end = [], [], time.monotonic() + 60
    while len(accepted) < 6 and time.monotonic() < end:
        before = time.monotonic()
        reply = send(here, "dave", f"dave {len(codes)}")
        codes.append(reply.code)
        if reply.code == 250:
            accepted.append((before, time.monotonic()))
    assert len(accepted) == 6
    for first, fifth in zip(accepted, accepted[4:]):
        assert fifth[1] - first[0] >= 5, "a fifth message within five seconds"
    last = send(here, "dave", "dave last")
    assert last.code == 450 and "6/1h" in last.text
    assert len(arrived(here, "dave ")) == 6


def test_three_keys_at_once(here):
    """User, sender domain and octets count the same mail; the domain is full first, and nobody is charged for more."""
    def one(n: int) -> smtp.Reply:
        name = ("trent", "erin")[n % 2]
        message = mail.make(f"{name}@{DOMAIN}", OUT, f"three {n}")
        return send(here, name, "", sender=f"{name}@three.example", message=message)

    with ThreadPoolExecutor(8) as pool:
        codes = [reply.code for reply in pool.map(one, range(50))]
    by_user = {name: sum(code == 250 for code in codes[at::2]) for at, name in enumerate(("trent", "erin"))}
    assert codes.count(250) == 25 and codes.count(450) == 25, by_user
    assert by_user["trent"] <= 12
    assert len(arrived(here, "three ")) == 25
    # What the domain refused was not charged to the user.
    left = [send(here, "trent", f"trent {n}").code for n in range(14)]
    assert left.count(250) == 12 - by_user["trent"]


def test_smtp_source_by_client(here):
    source = [need_tool("smtp-source", "test"), "-l", "200", "-f", f"app@{DOMAIN}", "-t", OUT]
    address = f"{HOST}:{here.postfix.port('relay')}"
    before = len(here.sink.arrivals)
    subprocess.run([*source, "-s", "10", "-m", "100", address], check=True, capture_output=True, timeout=60)
    more = [subprocess.run([*source, address], capture_output=True, timeout=60) for _ in range(5)]
    assert all(one.returncode for one in more), "nothing beyond the limit"
    here.postfix.wait_empty()
    assert len(here.sink.arrivals) - before == 100


def test_what_was_not_accepted_is_given_back(here):
    """Five messages and five recipients an hour: whatever fails costs nothing."""
    twice = mail.crlf(f"From: a@{DOMAIN}\nFrom: b@{DOMAIN}\nTo: {OUT}\nSubject: twice\n\nx\n".encode())
    for _ in range(6):
        assert send(here, "frank", "", message=twice).code == 550, "rejected by the signer at end of message"
    for _ in range(6):
        reply = send(here, "frank", "", message=mail.make("frank@nokey.example", OUT, "later"))
        assert reply.code in (450, 451), "a temporary failure at end of message"
    for step in ("RSET", "QUIT", "cut", "cut in DATA"):
        with smtp.Client(here.submission, user("frank")) as client:
            assert client.smtp.mail(user("frank"))[0] == 250
            assert [client.smtp.rcpt(f"{n}@dest.example")[0] for n in range(4)] == [250] * 4, step
            if step == "cut in DATA":
                client.smtp.docmd("DATA")
                client.smtp.send(b"Subject: never\r\n\r\nhalf")
            elif step != "cut":
                client.smtp.docmd(step)
    # Postfix tells the milter of a lost client when it notices it.
    wait_for("the last abort", lambda: here.daemon.metrics().sum("postseal_messages_total", verdict="abort") >= 4)
    codes = [send(here, "frank", f"frank {n}").code for n in range(8)]
    assert codes == [250] * 5 + [450] * 3
    assert len(arrived(here, "frank ")) == 5


def test_a_message_that_is_tried_again_is_charged_once(here):
    bad = mail.make("ivan@nokey.example", OUT, "ivan again")
    assert [send(here, "ivan", "", message=bad).code for _ in range(7)] == [451] * 7
    codes = [send(here, "ivan", f"ivan {n}").code for n in range(5)]
    assert codes == [250] * 3 + [450] * 2


def test_recipients_that_postfix_refused(here):
    with smtp.Client(here.submission, user("mallory")) as client:
        client.smtp.mail(user("mallory"))
        for _ in range(4):
            assert client.smtp.rcpt("nobody@dest.example")[0] == 554
        code, text = client.smtp.rcpt(OUT)
        assert code == 550 and b"Sending is blocked (guessing)" in text
    assert send(here, "mallory", "mallory").step == "MAIL"
    def breaches() -> list[dict]:
        return [line for line in here.daemon.lines() if line.get("rule") == "guessing"]

    wait_for("the log line of the breach", breaches)
    assert [line["key"] for line in breaches()] == [f"guessing:m***@{DOMAIN}"]
    assert here.daemon.metrics().sum("postseal_rate_limit_breaches_total", rule="guessing") == 1


def test_quarantine_and_shadow(here):
    codes = [send(here, name, f"{name} {n}").code for name in ("judy", "heidi") for n in range(3)]
    assert codes == [250] * 6
    wait_for("a message on hold", here.postfix.held)
    assert len(here.postfix.held()) == 1
    here.postfix.release()
    assert len(arrived(here, "judy ")) == 3 and len(arrived(here, "heidi ")) == 3
    def because(reason: str) -> list[str]:
        return [line["verdict"] for line in here.daemon.messages() if reason in line["reasons"]]

    assert wait_for("the message held", lambda: because("rate_limit.hold")) == ["quarantine"]
    wait_for("the message over the limit that only logs", lambda: because("rate_limit.shadow"))
    metrics = here.daemon.metrics()
    assert metrics.sum("postseal_rate_limit_total", rule="hold", outcome="quarantine") == 1
    assert metrics.sum("postseal_rate_limit_total", rule="shadow", outcome="log") == 1
    assert DOMAIN not in "".join(line for line in metrics.text.splitlines() if "rate_limit" in line)
