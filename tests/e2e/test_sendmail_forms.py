"""Forms of address fields through a real Sendmail: each signature holds, or the log says that it breaks.

`sendmail_forms.txt` has one form in each line, with `\\n` for a fold and `\\t` for a tab.
"""

from pathlib import Path

import pytest

from rig.place import Place
from test_corpus_sendmail import broken, config, send_all, tell, through

FORMS = Path(__file__).with_name("sendmail_forms.txt").read_text().splitlines()
REST = "Subject: forms\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\nMessage-ID: <forms@test.example>\r\n\r\nbody\r\n"


def messages(name: str) -> list[bytes]:
    other = "From: alice@test.example" if name != "From" else "To: bob@dest.example"
    values = [form.replace("\\n", "\r\n").replace("\\t", "\t") for form in FORMS]
    return [f"{other}\r\n{name}:{value}\r\n{REST}".encode() for value in values]


@pytest.mark.parametrize("name", ["From", "To"])
@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "simple/simple"])
def test_every_form_verifies_or_is_told(canonicalization, name, keys, verifiers, say):
    sent = messages(name)
    with Place("forms") as place, through(place, config(keys, canonicalization)) as here:
        found = send_all(here, sent)
    tell(say, f"{canonicalization} {name}", found)
    # `opendkim -t` puts one space behind every colon before it verifies.
    but = verifiers.opendkim if canonicalization == "simple/simple" else None
    bad = broken(found, verifiers, but)
    assert bad == [], f"{len(bad)} of {len(found)}: {[(sent[at], why) for at, why in bad[:3]]}"
