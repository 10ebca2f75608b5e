#!/usr/bin/python3
"""Measures postseal beside opendkim, rspamd and amavisd-new: same messages, same key, one run. README.md tells how and why.

    run.py             everything; a few minutes. The exit status is 1 if postseal misses a target
    run.py --smoke     some hundred messages through postseal alone: is each of them signed?
    run.py --only cpu  one of: cpu, sender, memory, latency, checks, flatness, limits, watch
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))  # the rig: processes, ports, keys

from rig.keys import make_key  # noqa: E402
from rig.place import Place  # noqa: E402
from side_by_side import servers  # noqa: E402
from side_by_side.generator import Unsigned, load  # noqa: E402
from side_by_side.report import Report, machine  # noqa: E402
from side_by_side.sections import MIB, Bench  # noqa: E402

SECTIONS = ["cpu", "sender", "memory", "latency", "checks", "flatness", "limits", "watch"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--only", action="append", choices=SECTIONS)
    parser.add_argument("--rounds", type=int, default=5, help="how often the candidates take turns (5)")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the messages to send (1.0)")
    parser.add_argument("--keep", action="store_true", help="leave folder and logs behind")
    options = parser.parse_args()
    with Place("bench") as place:
        place.keep = options.keep
        try:
            return smoke(place.path) if options.smoke else side_by_side(place.path, options)
        except (Unsigned, FileNotFoundError, RuntimeError) as error:
            print(f"tests/bench/run.py: {error}", file=sys.stderr)
            return 1


def smoke(folder: Path) -> int:
    """Nothing is timed here. postseal-bench fails if one message is not accepted, or not signed."""
    key = make_key(folder, servers.DOMAIN, "rsa")
    for unix in (False, True):
        with servers.Postseal(folder, key, unix) as server:
            load(server, messages=200, connections=20)
            load(server, messages=200, connections=10, messages_per_connection=20)
            load(server, messages=4, connections=2, size=MIB)
    print("808 messages, all signed")
    return 0


def side_by_side(folder: Path, options: argparse.Namespace) -> int:
    print("\n".join([*machine(), *servers.versions()]))
    report = Report()
    key = make_key(folder, servers.DOMAIN, "rsa")
    bench = Bench(folder, key, report, options.rounds, options.scale)
    for section in options.only or SECTIONS:
        getattr(bench, section)()
    results = ROOT / "target" / "bench.json"
    results.write_text(json.dumps(report.json(), indent=1))
    missed = report.missed()
    print(f"\n{len(missed)} of {sum(row.limit is not None for row in report.rows)} targets missed ({results})")
    for row in missed:
        print(f"  MISSED {row.section}: {row.what}: {row.figure:.4g} {row.unit}, target {row.limit:.4g}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
