"""What checks of header section and body cost on top of a signature, and what peers take for theirs."""

from contextlib import ExitStack
from statistics import median

from . import generator
from .checkers import Amavisd, CheckingPostseal, CheckingRspamd
from .servers import Postseal, Rspamd

LARGE = 5 << 20
# On top of a signature: what checks may cost a message of 4 KiB, and each octet of a large body.
MESSAGE_US = 60
OCTET_NS = 1.0
# What is 10 or 1,000 times as much may cost so much more for each octet or piece: caches are no larger for it.
GROWTH = 2.5


def measure(bench) -> None:
    """`bench` is a `sections.Bench`."""
    with ExitStack() as stack:
        kinds = (Postseal, CheckingPostseal, Rspamd, CheckingRspamd, Amavisd)
        servers = [bench.start(stack, kind) for kind in kinds]
        bench.report.section("CPU time of header checks on top of a signature, 4 KiB, 10 connections, 20 to a connection")
        options = {"messages": bench.count(400), "connections": 10, "messages_per_connection": 20}
        results = bench.take_turns(servers, **options)
        for server in servers:
            total = median(run["cpu_us"] for run in results[server.name])
            bench.report.add(f"{server.name}, signature and all", total, "us")
        bench.report.add("postseal, checks alone", _more(results, Postseal, CheckingPostseal), "us", MESSAGE_US)
        bench.report.add("rspamd, header rules alone", _more(results, Rspamd, CheckingRspamd), "us")
        for body in ("text", "attachment"):
            bench.report.section(f"CPU time of body checks on top of a signature, 5 MiB of {body}, 4 connections")
            options = {"connections": 4, "messages_per_connection": 5, "size": LARGE, "body": body}
            results = bench.take_turns(servers[:2], messages=bench.count(40), **options)
            each = _more(results, Postseal, CheckingPostseal) * 1000 / LARGE
            bench.report.add("postseal, checks alone, each octet", each, "ns", OCTET_NS)


def flatness(bench) -> None:
    """Messages that grow, and such as are made to hurt: does each octet, or each piece, cost the same?"""
    bench.report.section("CPU time of all checks, in process, no signature: does it grow with the size alone?")
    kinds: dict[str, list[dict]] = {}
    for cost in generator.checks():
        kinds.setdefault(cost["kind"], []).append(cost)
    for kind, costs in kinds.items():
        for cost in costs:
            bench.report.add(f"{kind}, {cost['size']:,}: each octet", cost["ns_per_octet"], "ns")
        # Below that the header section is most of it.
        large = [cost["ns_per_octet"] for cost in costs if cost["octets"] > 25_000]
        bench.report.add(f"{kind}: the largest beside the smallest over 25 KB", large[-1] / large[0], "", GROWTH)


def _more(results: dict[str, list[dict]], plain, checking) -> float:
    """The median of the rounds' differences."""
    pairs = zip(results[plain.name], results[checking.name])
    return median(more["cpu_us"] - less["cpu_us"] for less, more in pairs)
