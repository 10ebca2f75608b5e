#!/usr/bin/python3
"""Writes docs/header-checks-corpus.md: what the header checks and SpamAssassin's rules find in 6,046 real messages.

All messages go through a real Postfix with the daemon and the defaults of `[header_checks]`, and through the local rules
of SpamAssassin. The words of explanation are in `header_rules.py`.
"""

from collections import Counter

from header_rules import PAIRS, Pair
from rig import corpus, spamassassin
from rig.keys import make_pair
from rig.place import ROOT, Place, need_root
from rig.postseal_config import Config, domain
from rig.posting import REMOTE, Posted, post
from rig.world import milters, world

KINDS = ("easy-ham", "hard-ham", "spam")
FILE = ROOT / "docs" / "header-checks-corpus.md"
HEAD = """\
# Header checks in real mail, beside SpamAssassin

The public SpamAssassin corpus: {total:,} messages of 2002 and 2003, {kinds}. Each message passed
through a real Postfix with postseal and the defaults of `[header_checks]`, as if from a remote client. Each message was
also given to {version}, with the local rules of its Debian package only. `make corpus` runs this
and writes this file.

The rules of SpamAssassin score incoming mail; these checks are for [outgoing](glossary.md#outgoing) mail. So the question is
not which program finds more, but whether both see the same defects, and if not, why.

## What happened to the messages

| corpus | messages | accepted unchanged | repaired | refused |
| --- | --- | --- | --- | --- |
{outcomes}

All refused easy ham: {refused}.

## Side by side

The number of messages in which a check has a finding, and in which a rule of SpamAssassin for the same defect fires.

| check | easy ham | hard ham | spam | rules of SpamAssassin | SpamAssassin | both | only postseal | only SpamAssassin |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

## Why they differ

{reasons}
"""


def main() -> None:
    need_root("it starts a private Postfix")
    messages = corpus.everything()
    rules = spamassassin.rules(messages)
    posted = dict(zip((one.name for one in messages), run(messages)))
    FILE.write_text(report(posted, rules))
    print(f"written: {FILE.relative_to(ROOT)}")


def run(messages: tuple[corpus.Message, ...]) -> list[Posted]:
    with Place("report") as place:
        keys = make_pair(place.folder("keys"), "test.example")
        log = {"format": "json", "level": "info", "addresses": True}
        domains = [domain("*", keys, signing_domain="test.example")]
        config = Config(milters(place), domains, log=log, more="[header_checks]\n")
        with world(place, config, **REMOTE) as here:
            return post(here, [one.data for one in messages], "alice@test.example")


def report(posted: dict[str, Posted], rules: dict[str, list[str]]) -> str:
    sizes = Counter(map(kind, posted))
    refused = [f"`{name}` ({one.reply.text})" for name, one in posted.items() if one.rejected and kind(name) == KINDS[0]]
    return HEAD.format(
        total=len(posted),
        kinds=", ".join(f"{sizes[one]:,} of {one.replace('-', ' ')}" for one in KINDS),
        version=spamassassin.version(),
        outcomes="\n".join(outcome(one, posted) for one in KINDS),
        refused="; ".join(refused) or "none",
        rows="\n".join(row(pair, posted, rules) for pair in PAIRS),
        reasons="\n".join(f"- `{pair.check}`: {pair.why}" for pair in PAIRS),
    )


def kind(name: str) -> str:
    return next(one for one in KINDS if name.startswith(one))


def outcome(one: str, posted: dict[str, Posted]) -> str:
    here = [each for name, each in posted.items() if kind(name) == one]
    refused = sum(each.rejected for each in here)
    repaired = sum(bool(each.fixed) for each in here)
    assert all(each.rejected or each.arrival for each in here)
    cells = [one.replace("-", " "), len(here), len(here) - refused - repaired, repaired, refused]
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"


def row(pair: Pair, posted: dict[str, Posted], rules: dict[str, list[str]]) -> str:
    ours = {name for name, one in posted.items() if pair.check in one.found}
    theirs = {name for name in posted if pair.holds(set(rules[name]))}
    counts = Counter(map(kind, ours))
    cells = [f"`{pair.check}`", *(f"{counts[one]:,}" for one in KINDS)]
    if pair.rules:
        cells.append(", ".join(f"`{rule}`" for rule in pair.rules))
        cells += [f"{len(them):,}" for them in (theirs, ours & theirs, ours - theirs, theirs - ours)]
    else:
        cells += ["none", "", "", "", ""]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
