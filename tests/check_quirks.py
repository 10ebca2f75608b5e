#!/usr/bin/python3
"""Finds (with --list: shows), for each of the 32 measured quirks of Postfix and Sendmail, the tests that are named after it.

The quirks are told where they are tested; this only sees that none is left out: `quirk_NN` in the name of a Rust or
Python test, or in the file name of a miltertest script.
"""
import re
import subprocess
import sys

QUIRKS = {
    1: "empty macro packets, macro packets for any command",
    2: "IPv6 addresses with a prefix, or that can't be read",
    3: "no state from one mail to the next",
    4: "ABORT after a new HELO leaves HELO alone",
    5: "exactly one final reply for a command",
    6: "reply text: % doubled, class matching, one NUL",
    7: "no reply codes but 4xx and 5xx",
    8: "no CR in header values",
    9: "leading space of header values as negotiated, to the MTA",
    10: "leading space of header values as negotiated, from the MTA",
    11: "fields are deleted from the last to the first",
    12: "only shown fields are counted",
    13: "inserts at the top or below the MTA's Received only",
    14: "8-bit bodies that the next hop makes Postfix re-encode",
    15: "lines over 998 that Postfix breaks",
    16: "fields that Sendmail adds after us are not oversigned",
    17: "relaxed canonicalization by default",
    18: "paths without brackets, null sender as nothing",
    19: "local mail is ours without authentication",
    20: "own macro lists, whatever the administrator trimmed",
    21: "EOH and EOM macro lists together",
    22: "the queue id comes late",
    23: "SKIP to body pieces only, never while signing",
    24: "quarantine by an earlier filter",
    25: "no silent drop: no SHUTDOWN, last recipient kept",
    26: "PROGRESS at end of message only, own deadlines",
    27: "half-open connections end",
    28: "body pieces together and last",
    29: "answers to an offer are subsets of it",
    30: "malformed payloads",
    31: "sockets: stale files, mode, order of starting",
    32: "reload keeps connections",
}


def main():
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.rs", "tests/*.py", "tests/*.lua"]
    files = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split()
    tests = {number: [] for number in QUIRKS}
    for path in files:
        names = re.findall(r"(?:fn|def) (\w*quirk_\d\d\w*)", open(path, encoding="utf-8").read())
        if path.endswith(".lua"):
            names.append(path.rsplit("/", 1)[-1])
        for name in names:
            for number in re.findall(r"quirk_(\d\d)", name):
                tests[int(number)].append(f"{path}: {name}")
    for number, text in QUIRKS.items() if "--list" in sys.argv else []:
        print(f"{number:2} {text}", *(tests[number] or ["NO TEST"]), sep="\n     ")
    missing = [str(number) for number in QUIRKS if not tests[number]]
    print(f"{len(QUIRKS) - len(missing)} of {len(QUIRKS)} quirks have a test" + f"; missing: {missing}" * bool(missing))
    sys.exit(bool(missing))


main()
