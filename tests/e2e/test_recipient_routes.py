"""Recipients that a real MTA routes by what their local part says, or that are spelled oddly: no ramp is passed."""

import pytest

from conftest import DOMAIN
from rig import mail
from rig.postfix import Listener, Postfix
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain
from rig.sendmail import Sendmail
from rig.sink import Sink
from rig.smtp import Client

ALICE = f"alice@{DOMAIN}"
# What stands behind "RCPT TO:"; the MTAs differ in which of them they take.
SPELLINGS = {
    "plain": "<v@{big}>",
    "capitals and a dot": "<v@{BIG}.>",
    "percent": "<v%{big}@{host}>",
    "percent at localhost": "<v%{big}@localhost>",
    "percent alone": "<v%{big}>",
    "two percents": "<v%{big}%localhost@{host}>",
    "bang": "<{big}!v>",
    "bang at host": "<{big}!v@{host}>",
    "two bangs": "<{host}!{big}!v>",
    "mixed": "<{big}!v%localhost@{host}>",
    "route": "<@relay.example:v@{big}>",
    "route and percent": "<@{host}:v%{big}@{host}>",
    "quoted percent": '<"v%{big}"@{host}>',
    "quoted at": '<"v@{big}"@{host}>',
    "escaped percent": "<v\\%{big}@{host}>",
    "quoted bang": '<"{big}!v"@{host}>',
    "comment": "<v@{big}(x)>",
    "comment inside": "<v(a)@(b){big}>",
    "display name": "V <v@{big}>",
    "without brackets": "v@{big}",
    "blank": "<v@ {big}>",
}


def ramps() -> str:
    rule = '[[rate_limit]]\nname = "warm-up"\nkey = ["recipient_domain"]\n'
    one = '[[rate_limit.ramp]]\nrecipient_domain = ["big{}.example"]\nstart = "2020-01-01"\nschedule = ["2/1d"]\nstep = "36500d"\n'
    return rule + "".join(one.format(at) for at in range(len(SPELLINGS)))


def try_all(port: int, host: str) -> dict[str, list[int]]:
    """The answers to four recipients of each spelling, in one message each."""
    answers = {}
    for at, (name, spelling) in enumerate(SPELLINGS.items()):
        big = f"big{at}.example"
        with Client(port) as client:
            client.smtp.mail(ALICE)
            recipient = spelling.format(big=big, BIG=big.upper(), host=host)
            answers[name] = [client.smtp.docmd("RCPT", f"TO:{recipient}")[0] for _ in range(4)]
            if 250 in answers[name]:
                assert client._data(mail.make(ALICE, "v@big.example", name))[0] == 250
    return answers


def delivered(sink: Sink) -> dict[str, list[str]]:
    return {one.value("Subject").decode(): one.recipients for one in sink.arrivals}


def check(answers: dict[str, list[int]]) -> None:
    taken = {name: codes for name, codes in answers.items() if 250 in codes}
    assert {name: codes for name, codes in taken.items() if codes != [250, 250, 450, 450]} == {}
    assert {"plain", "percent", "percent at localhost", "bang"} <= set(taken), answers


@pytest.fixture(scope="module")
def config(keys):
    return lambda milter: Config([milter], [domain(DOMAIN, keys)], origin={"networks": ["127.0.0.0/8"]}, more=ramps())


def test_no_spelling_passes_a_ramp_behind_postfix(place, config):
    milter = Milter("submission")
    with Postseal(place.folder("postseal"), config(milter)) as daemon, Sink() as sink:
        ports = [Listener("submission", daemon.milter("submission"))]
        local = "mta.test.example, localhost"
        with Postfix(place.folder("postfix"), sink.port, ports, mydestination=local) as postfix:
            answers = try_all(postfix.port("submission"), "mta.test.example")
            postfix.wait_empty()
        check(answers)
        found = delivered(sink)
        for at, name in enumerate(SPELLINGS):
            if name in found:
                assert found[name][0].lower().endswith(f"@big{at}.example"), f"{name}: Postfix routes it so"


def test_no_spelling_passes_a_ramp_behind_sendmail(place, config):
    milter = Milter("sendmail", "submission")
    with Postseal(place.folder("postseal-sendmail"), config(milter)), Sink() as sink:
        with Sendmail(place.folder("sendmail"), sink.port, milter.for_sendmail) as sendmail:
            answers = try_all(sendmail.port, "sm.test.example")
            sendmail.wait_empty()
        check(answers)
