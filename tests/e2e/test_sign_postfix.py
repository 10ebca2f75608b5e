"""Signing behind a real Postfix: who is signed, who is not, what the log and the metrics say of it."""

import pytest

from conftest import DOMAIN
from rig import mail, smtp
from rig.place import Place, wait_for
from rig.postseal_config import Config, domain
from rig.verify import passed
from rig.world import REFUSED, milters, world

ALICE, BOB = "alice@test.example", "bob@test.example"
OUT = "someone@dest.example"


@pytest.fixture(scope="module")
def here(place, keys):
    with world(place, Config(milters(place), [domain(DOMAIN, keys)])) as here:
        yield here


def submit(
    here, sender: str, subject: str, port: int | None = None, user: str | None = ALICE, to: str = OUT
) -> smtp.Reply:
    message = mail.make(sender, to, subject, "Guten Tag,\n\n.eine Zeile\n\n\n")
    return smtp.submit(port or here.submission, sender.split("<")[-1].strip(">"), [to], message, user)


def assert_valid(message: bytes, verifiers) -> None:
    """RSA and Ed25519 of test.example, RSA first, both accepted by every verifier that knows the algorithm."""
    assert [(tags["d"], tags["s"], tags["a"]) for tags in mail.signatures(message)] == [
        (DOMAIN, "rsa", "rsa-sha256"),
        (DOMAIN, "ed", "ed25519-sha256"),
    ]
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([message])[0]
        for algorithm in algorithms:
            assert passed(verdicts, DOMAIN, algorithm), "; ".join(map(str, verdicts))


def test_authenticated_user_is_signed(here, verifiers):
    reply = submit(here, f"Alice <{ALICE}>", "authenticated")
    assert reply.code == 250, reply
    assert_valid(here.sink.wait_for_subject("authenticated").data, verifiers)


def test_signature_has_the_promised_tags(here):
    submit(here, ALICE, "tags")
    for tags in mail.signatures(here.sink.wait_for_subject("tags").data):
        assert tags["c"] == "relaxed/relaxed"
        assert int(tags["x"]) - int(tags["t"]) == 7 * 86_400
        assert "l" not in tags
        signed = tags["h"].lower().split(":")
        assert signed.count("from") == 2, "From is signed and oversigned"
        assert not {"received", "return-path", "bcc"} & set(signed)


def test_log_line_of_a_signed_message(here):
    reply = submit(here, ALICE, "log line")
    line = here.daemon.message(reply.queue_id)
    expected = {"listener": "submission", "rcpt_count": 1, "verdict": "accept", "reasons": []}
    assert {key: line.get(key) for key in expected} == expected
    assert [(one["domain"], one["selector"], one["algorithm"]) for one in line["signatures"]] == [
        (DOMAIN, "rsa", "rsa-sha256"),
        (DOMAIN, "ed", "ed25519-sha256"),
    ]
    assert [edit["op"] for edit in line["edits"]] == ["insert", "insert"]
    assert {edit["field"] for edit in line["edits"]} == {"DKIM-Signature"}
    names = {"client", "user", "mail_from", "message_id", "size", "reply", "duration_us"}
    assert names <= line.keys(), f"not in the log line: {names - line.keys()}"
    assert ALICE not in here.daemon.process.log(), "full addresses do not belong in the log at level info"


def test_mx_listener_does_not_sign(here):
    reply = submit(here, ALICE, "through mx", port=here.mx, user=None)
    assert reply.code == 250, reply
    assert not mail.signatures(here.sink.wait_for_subject("through mx").data)
    line = here.daemon.message(reply.queue_id)
    assert (line["listener"], line["verdict"], line["reasons"]) == ("mx", "accept", ["dkim.not_origin"])


def test_domain_without_key_is_let_through_with_a_reason(here):
    reply = submit(here, "bob@nokey.example", "no key", user=BOB)
    assert reply.code == 250, reply
    assert not mail.signatures(here.sink.wait_for_subject("no key").data)
    assert here.daemon.message(reply.queue_id)["reasons"] == ["dkim.no_key_for_domain"]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("From: a@test.example\nFrom: b@test.example\n", "dkim.from_multiple"),
        ("From: a@test.example, b@test.example\n", "dkim.from_addresses"),
    ],
)
def test_from_that_decides_nothing(here, head, reason):
    message = mail.crlf(f"{head}To: {OUT}\nSubject: odd From\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\nx\n".encode())
    reply = smtp.submit(here.submission, ALICE, [OUT], message, ALICE)
    if reply.code != 250:
        assert str(reply.code)[0] in "45", reply
        return
    line = here.daemon.message(reply.queue_id)
    assert not line["signatures"] and reason in line["reasons"]


def test_quirk_19_local_submission_is_signed(here, verifiers):
    here.postfix.sendmail("cron@test.example", [OUT], mail.make("cron@test.example", OUT, "from cron"))
    assert_valid(here.sink.wait_for_subject("from cron").data, verifiers)
    local = lambda: [line for line in here.daemon.messages() if line["listener"] == "local"]  # noqa: E731
    assert wait_for("its log line", local)[0]["signatures"]


def test_bounce_is_signed(here, verifiers):
    reply = submit(here, ALICE, "nobody there", to=REFUSED)
    assert reply.code == 250
    bounce = here.sink.wait_for_subject("Undelivered Mail Returned to Sender")
    assert (bounce.sender, bounce.recipients) == ("", [ALICE])
    assert_valid(bounce.data, verifiers)


def test_several_messages_on_one_connection(here, verifiers):
    with smtp.Client(here.submission, ALICE) as client:
        for subject in ("first of three", "second of three", "third of three"):
            assert client.send(ALICE, [OUT], mail.make(ALICE, OUT, subject)).code == 250
    for subject in ("first of three", "second of three", "third of three"):
        assert_valid(here.sink.wait_for_subject(subject).data, verifiers)


def test_large_message_is_signed(here, verifiers):
    body = "".join(f"{number:>70}\n" for number in range(30_000))  # 2 MB: many body chunks
    message = mail.make(ALICE, OUT, "large", body)
    assert smtp.submit(here.submission, ALICE, [OUT], message, ALICE).code == 250
    assert_valid(here.sink.wait_for_subject("large").data, verifiers)


def test_foreign_signature_is_kept(here, verifiers):
    foreign = "DKIM-Signature: v=1; a=rsa-sha256; d=list.example; s=x; h=from; bh=AAAA; b=BBBB"
    message = mail.make(ALICE, OUT, "foreign", "x\n", foreign)
    assert smtp.submit(here.submission, ALICE, [OUT], message, ALICE).code == 250
    arrived = here.sink.wait_for_subject("foreign").data
    assert [tags["d"] for tags in mail.signatures(arrived)] == [DOMAIN, DOMAIN, "list.example"]
    for verdicts in (verifiers.dkimpy.check_one(arrived), verifiers.opendkim.check([arrived])[0]):
        assert passed(verdicts, DOMAIN, "rsa-sha256") and passed(verdicts, DOMAIN, "ed25519-sha256")


def test_metrics_count_what_happened(here):
    before = here.daemon.metrics()
    for subject in ("count 1", "count 2"):
        submit(here, ALICE, subject)
    submit(here, "bob@nokey.example", "count 3")
    after = here.daemon.metrics()

    def grown(name: str, **labels: str) -> float:
        return after.sum(name, **labels) - before.sum(name, **labels)

    assert grown("postseal_messages_total", listener="submission", verdict="accept") == 3
    assert grown("postseal_connections_total", listener="submission") == 3
    assert grown("postseal_message_duration_seconds_count", listener="submission") == 3
    assert grown("postseal_unsigned_total", reason="no_key_for_domain") == 1
    for selector, algorithm in (("rsa", "rsa-sha256"), ("ed", "ed25519-sha256")):
        labels = {"domain": DOMAIN, "selector": selector, "algorithm": algorithm}
        assert grown("postseal_dkim_signatures_total", **labels) == 2
    assert after.sum("postseal_build_info") == 1
    assert "nokey.example" not in after.text, "mail must not create a label"
    assert after.sum("postseal_protocol_errors_total") == 0


def test_unix_sockets(keys, verifiers):
    with Place("unix") as place, world(place, Config(milters(place, unix=True), [domain(DOMAIN, keys)])) as here:
        submit(here, ALICE, "over a unix socket")
        assert_valid(here.sink.wait_for_subject("over a unix socket").data, verifiers)
