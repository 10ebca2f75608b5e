"""Do other parsers find the same addresses in real mail? Python's email package and mail-parser, on 6,000 messages.

Every field in which they differ from us is put down to one of the causes below, or the test fails. Those that we refuse
are listed in docs/addresses-corpus.md.
"""

import email.policy
import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

from rig.place import CACHE, ROOT, MissingTool

READER = Path(os.environ.get("ADDRESSES_BIN", ROOT / "target/release/examples/addresses"))
FEWEST = 6000  # messages

WE_REFUSE = "we refuse what two readers could take for two addresses, or for none: {}"
NO_DOMAIN = "they leave out an address without a domain"
ENCODED = "an encoded word in a local part, where none may be (RFC 2047 section 5): they decode it, we don't"
QUOTED = "a quoted local part: they leave it out"


def messages() -> list[Path]:
    files = sorted((CACHE / "corpus" / "data").glob("*/*.txt"))
    if not files:
        raise MissingTool("the mail corpus")
    return files


def test_addresses_of_real_mail(say):
    files = messages()
    assert len(files) >= FEWEST
    if not READER.exists():
        raise FileNotFoundError(f"{READER} is missing: cargo build --release --example addresses")
    names = "\n".join(map(str, files))
    run = subprocess.run([READER], input=names, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    causes = {"Python": Counter(), "mail-parser": Counter()}
    unexplained = []
    for line in lines:
        for parser, theirs in (("Python", python(line["value"])), ("mail-parser", line["theirs"])):
            if cause := difference(line["ours"], theirs):
                causes[parser][cause] += 1
            elif cause is None:
                unexplained.append((parser, line["file"], line["value"], line["ours"], theirs))
    for parser, counts in causes.items():
        say(f"{len(lines)} fields of {len(files)} messages, {sum(counts.values())} read differently by {parser}")
        for cause, count in counts.most_common():
            say(f"  {count:>4} {cause}")
    assert not unexplained, f"{len(unexplained)}: {unexplained[:10]}"


def python(value: str) -> list[str]:
    try:
        header = email.policy.default.header_factory("To", re.sub(r"\r?\n", "", value).strip())
        return [address.addr_spec for address in header.addresses]
    except (IndexError, AttributeError, ValueError):  # known faults of that package on malformed mail
        return []


def plain(addresses: list[str]) -> list[str]:
    """Without what does not tell two addresses apart."""
    return [re.sub(r"[\s\"<>\\]", "", address).lower() for address in addresses if address]


def difference(ours: list[str] | dict, theirs: list[str]) -> str | None:
    """Why they differ; empty if they don't, None if nobody knows."""
    if isinstance(ours, dict):
        return WE_REFUSE.format(re.sub(r" at octet \d+", "", ours["error"]))
    mine, other = plain(ours), plain(theirs)
    if mine == other:
        return ""
    if [one for one in mine if "@" in one] == [one for one in other if "@" in one]:
        return NO_DOMAIN
    # Whoever is right about the local part: the domain, which decides about signatures, is the same.
    if [one.rpartition("@")[2] for one in mine] == [one.rpartition("@")[2] for one in other]:
        if any(re.search(r"=\?.*\?=@", one) for one in mine):
            return ENCODED
        if any(one.startswith("@") for one in other):
            return QUOTED
    return None
