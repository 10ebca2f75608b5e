"""Who may send as whom, asked of real MTAs with real logins."""

import subprocess

import pytest

from rig import mail, smtp
from rig.place import wait_for
from rig.postseal import binary
from rig.senders import ALICE, OUT, WEB1, message, mta
from rig.verify import passed
from rig.world import REFUSED


@pytest.fixture(scope="module", params=["postfix", "sendmail"])
def here(request, place, keys):
    with mta(request.param, place, keys) as here:
        yield here


# From fields, and whether alice may write them.
FROM = {
    "her own": (b"alice@test.example", True),
    "with a display name": (b"Alice <alice@test.example>", True),
    "upper case": (b"ALICE@Test.Example", True),
    "plus-tag": (b"alice+shop@test.example", True),
    "alias": (b"Info <info@test.example>", True),
    "a domain": (b"anybody@sales.test.example", True),
    "subdomain of a domain": (b"anybody@eu.sales.test.example", False),
    "subdomain": (b"anybody@a.b.shops.test.example", True),
    "the domain above": (b"anybody@shops.test.example", False),
    "somebody else": (b"Boss <boss@test.example>", False),
    "another domain": (b"alice@other.example", False),
    "several addresses": (b"alice@test.example, Info <info@test.example>", True),
    "several, one of them not": (b"alice@test.example, boss@test.example", False),
    "group": (b"Us: alice@test.example, info@test.example;", True),
    "group, one of them not": (b"Us: alice@test.example, boss@test.example;", False),
    "comments": (b"(x) alice (boss@test.example) @ test . example (y)", True),
    "quoted local part": (b'"alice"@test.example', True),
    "quoted local part of somebody else": (b'"alice boss"@test.example', False),
    "address in the display name": (b'"boss@test.example" <alice@test.example>', True),
    "own in the display name": (b'"alice@test.example" <boss@test.example>', False),
    "U-label": ("a@grüße.example".encode(), True),
    "A-label": (b"a@xn--gre-6ka8l.example", True),
    "U-label, another": ("b@GRÜßE.example".encode(), False),
}


@pytest.mark.parametrize("name", FROM)
def test_from(here, name):
    value, allowed = FROM[name]
    reply = here.submit(b"From: " + value, ALICE)
    reasons = here.line()["reasons"]
    if allowed:
        assert reply.code == 250, reply
        assert "sender.from_mismatch" not in reasons
    else:
        assert (reply.code, reply.step) == (550, "DATA"), reply
        assert reply.text.startswith("5.7.1 From address ") and reply.text.endswith(f"not allowed for user {ALICE}")
        assert reasons == ["sender.from_mismatch"]


ENVELOPE = {
    "alice@test.example": True,
    "ALICE@TEST.EXAMPLE": True,
    "alice+tag@test.example": True,
    "info@test.example": True,
    "anybody@a.shops.test.example": True,
    '"alice"@test.example': True,
    "a@xn--gre-6ka8l.example": True,
    "": True,
    "boss@test.example": False,
    "alice@other.example": False,
    '"alice boss"@test.example': False,
    "anybody@shops.test.example": False,
}


@pytest.mark.parametrize("envelope", ENVELOPE)
def test_envelope(here, envelope):
    reply = here.submit(f"From: {ALICE}", envelope)
    if ENVELOPE[envelope]:
        assert reply.code == 250, reply
    else:
        assert (reply.code, reply.step) == (550, "MAIL"), reply
        # Sendmail puts the address in front of the text once more.
        assert reply.text.startswith("5.7.1 ")
        assert reply.text.endswith(f"Sender address {envelope} is not allowed for user {ALICE} (MAIL FROM)")


@pytest.mark.parametrize(("value", "code"), [(ALICE, 250), ("info@test.example", 250), ("boss@test.example", 550)])
def test_sender_field(here, value, code):
    assert here.submit(f"From: {ALICE}\nSender: {value}", ALICE).code == code


def test_another_login_has_other_rights(here):
    assert here.submit("From: info@test.example", WEB1, WEB1).code == 550
    assert here.submit(f"From: {WEB1}", WEB1, WEB1).code == 250
    assert here.submit(f"From: {ALICE}", ALICE, user=None).code == 550


def assert_signed(arrival, verifiers) -> None:
    assert [tags["d"] for tags in mail.signatures(arrival.data)] == ["test.example"] * 2
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([arrival.data])[0]
        for algorithm in algorithms:
            assert passed(verdicts, "test.example", algorithm), "; ".join(map(str, verdicts))


PHP = """\
From: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= <wwwrun@www.test.example>
Sender: wwwrun@www.test.example
Reply-To: "Kunde, Karl"
\t<karl@kunde.example> (the customer), wwwrun@www.test.example
X-PHP-Originating-Script: 33:mail.php wwwrun@www.test.example"""


def test_mail_of_a_web_server(here, verifiers):
    """Envelope, From, Sender and Reply-To change together, before the signature; nothing else changes."""
    arrival = here.delivered(PHP, "wwwrun@www.test.example", user=None)
    assert arrival.sender == "webmaster@test.example"
    assert_signed(arrival, verifiers)
    line = here.line()
    assert line["alignment"] == {"dkim": "strict", "envelope": "strict"}
    assert line["reasons"] == ["sender.rewritten"] * 4

    rewritten = message(PHP, arrival.value("Subject").decode()).split(b"X-PHP", 1)
    expected = rewritten[0].replace(b"wwwrun@www.test.example", b"webmaster@test.example") + b"X-PHP" + rewritten[1]
    if here.name == "postfix":
        # Postfix puts its own Received, and ours the signatures, on top; not an octet differs below.
        assert arrival.data.endswith(expected), arrival.data
        above = arrival.data.removesuffix(expected)
        assert [name for name, _ in mail.fields(above + b"\r\n")] == [b"DKIM-Signature", b"DKIM-Signature", b"Received"]
    else:
        # Sendmail has its own ways with white space in lists of addresses.
        for name in (b"From", b"Sender", b"Reply-To", b"X-PHP-Originating-Script"):
            delivered, wanted = mail.values(arrival.data, name), mail.values(expected, name)
            assert [value.split() for value in delivered] == [value.split() for value in wanted]


def test_arguments_of_mail_stay(here):
    with smtp.Client(here.web) as client:
        assert client.smtp.docmd("MAIL", "FROM:<wwwrun@www.test.example> RET=HDRS ENVID=QQ123 BODY=8BITMIME")[0] == 250
        assert client.smtp.rcpt(OUT)[0] == 250
        assert client._data(message(PHP, "with arguments"))[0] == 250
    arrival = here.sink.wait_for_subject("with arguments")
    assert arrival.sender == "webmaster@test.example"
    assert {"RET=HDRS", "ENVID=QQ123"} <= set(arrival.mail_args.split()), arrival.mail_args


def test_only_the_address_is_changed_wherever_it_stands(here):
    fields = 'From: "Old, Info" (c) <info@OLD.test.example>\nReply-To:\n a@old.test.example (x),\n\tb@test.example'
    arrival = here.delivered(fields, "info@old.test.example")
    assert arrival.sender == "info@test.example"
    assert mail.values(arrival.data, b"From") == [b'"Old, Info" (c) <info@test.example>']
    assert arrival.value("Reply-To").split() == [b"a@test.example", b"(x),", b"b@test.example"]


def test_a_bare_local_part_gets_the_default_domain(here):
    arrival = here.delivered("From: Cron Daemon <root>", "root", user=None)
    assert arrival.sender == "root@host.test.example"
    assert mail.values(arrival.data, b"From") == [b"Cron Daemon <root@host.test.example>"]
    # What nobody says otherwise of is left alone.
    arrival = here.delivered("From: webmaster@test.example", "", user=None)
    assert arrival.sender == ""


def test_a_rule_gives_no_right(here):
    reply = here.submit("From: wwwrun@www.test.example", "wwwrun@www.test.example")
    assert (reply.code, reply.step) == (550, "MAIL")
    assert "webmaster@test.example is not allowed for user" in reply.text


def test_bounce_comes_back_to_the_rewritten_address(here):
    assert here.submit(PHP, "wwwrun@www.test.example", user=None, to=REFUSED).code == 250

    def bounces() -> list:
        return [one for one in list(here.sink.arrivals) if one.value("Subject").startswith((b"Undeliv", b"Returned"))]

    (bounce,) = wait_for("the bounce", bounces, 15)
    assert (bounce.sender, bounce.recipients) == ("", ["webmaster@test.example"])
    if here.name == "postfix":  # Sendmail shows its bounces to no milter
        line = wait_for("its log line", lambda: [one for one in here.daemon.messages() if one["listener"] == "local"])[0]
        assert (line["verdict"], line["mail_from"]) == ("accept", "")


def test_explain_tells_which_rule_decided(here, tmp_path):
    file = tmp_path / "mail.eml"
    file.write_bytes(message("From: Info <info@test.example>\nSender: alice@old.test.example"))

    def explain(*arguments: str) -> str:
        command = [binary(), "explain", file, "--config", here.daemon.file, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    text = explain("--auth", ALICE, "--from", "anybody@sales.test.example")
    assert "decision    sender: envelope: anybody@sales.test.example is allowed by sender.owner[0]\n" in text
    assert "decision    sender: From: info@test.example is allowed by sender.owner[0]\n" in text
    assert "Sender: alice@old.test.example -> alice@test.example by sender.rewrite[1]\n" in text
    assert "decision    sender: Sender: alice@test.example is allowed by the user's own address\n" in text
    assert "alignment   DKIM strict, envelope relaxed\n" in text
    text = explain("--auth", WEB1, "--from", WEB1)
    assert "reason      sender.from_mismatch: info@test.example is not allowed for user web1@test.example\n" in text


def test_metrics(here):
    before = here.daemon.metrics()
    here.delivered(f"From: {ALICE}", ALICE)
    here.submit("From: boss@test.example", ALICE)
    after = here.daemon.metrics()

    def grown(name: str, **labels: str) -> float:
        return after.sum(name, **labels) - before.sum(name, **labels)

    assert grown("postseal_alignment_total", dkim="strict", envelope="strict") == 1
    assert grown("postseal_filter_verdicts_total", filter="sender", reason="from_mismatch", verdict="reject") == 1
    assert after.sum("postseal_filter_verdicts_total", filter="sender", reason="sender_added") == 0
    assert 'reason="autoresponder"' in after.text, "what can be foreseen begins at 0"
