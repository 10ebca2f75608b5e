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
# What the header checks find in real mail, beside SpamAssassin

The public SpamAssassin corpus: {total:,} messages of 2002 and 2003, {kinds}. Each went through a real Postfix with
postseal and the defaults of `[header_checks]`, as from a client elsewhere, and through {version} with the rules
of its Debian package, local ones only. `make corpus` measures it and writes this file.

SpamAssassin's rules score mail that arrives; these checks are for mail that leaves. So the question is not who finds more, but
whether the same defects are seen, and why not where they aren't.

## What was done about them

| | messages | accepted as they are | repaired | refused |
| --- | --- | --- | --- | --- |
{outcomes}

Refused easy ham, all of it: {refused}.

## Side by side

Messages in which a check has found something, and in which a rule of SpamAssassin for the same has.

| check | easy ham | hard ham | spam | SpamAssassin's rules | theirs | both | only ours | only theirs |
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
