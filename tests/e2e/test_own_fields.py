"""Fields that only postseal writes, in mail that has them already: of an earlier postseal, or of a forger."""

import pytest

from rig import mail, smtp
from rig.place import Place
from rig.postseal_config import Config, domain
from rig.verify import passed
from rig.world import milters, world

ALICE = "alice@test.example"


@pytest.fixture(scope="module", params=["Postfix", "Postcow"])
def here(request, keys):
    with Place("own-fields") as place:
        more = '\n[header_checks]\nhtml_only = "tag"\n[sender]\nheader_mismatch = "rewrite"\n'
        config = Config(milters(place), [domain("test.example", keys)], more=more)
        with world(place, config, mail_name=request.param) as here:
            yield here


@pytest.mark.parametrize(
    ("forged", "expected"),
    [
        ("X-Postseal-Fixed: date", [b"raw_8bit_header"]),
        ("X-Postseal-Fixed: date\nx-postseal-fixed: mime_structure", [b"raw_8bit_header"]),
        ("X-Postseal-Found: nothing\nX-Original-From: ceo@victim.example", [b"raw_8bit_header"]),
    ],
)
def test_only_ours_are_left_and_all_signatures_hold(here, verifiers, forged, expected):
    number = len(here.sink.arrivals)
    head = f"From: Alice <{ALICE}>\nTo: x@dest.example\nSubject: Grüße {number}\nDate: Sat, 28 Nov 2026 10:00:00 +0000\n"
    text = f"{head}Message-ID: <{number}@test.example>\n{forged}\nMIME-Version: 1.0\n"
    text += "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo, Grüße.\n"
    assert smtp.submit(here.submission, ALICE, ["x@dest.example"], mail.crlf(text.encode()), ALICE).code == 250
    arrival = here.sink.wait(number + 1)[number]
    assert [value.strip() for value in mail.values(arrival.data, b"X-Postseal-Fixed")] == expected
    assert mail.values(arrival.data, b"X-Postseal-Found") == mail.values(arrival.data, b"X-Original-From") == []
    for verifier, algorithms in verifiers.all():
        verdicts = verifier.check([arrival.data])[0]
        for algorithm in algorithms:
            assert passed(verdicts, "test.example", algorithm), "; ".join(map(str, verdicts))
