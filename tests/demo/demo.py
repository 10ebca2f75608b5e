#!/usr/bin/python3
"""postseal at work, in half a minute, on a machine of your own: run by `make demo`.

Makes throw-away keys, starts postseal, a private Postfix with a submission port and a sink, all on loopback; sends
three mails and shows what came out. Nothing is left behind: no process, no file, no change to the machine's Postfix.
"""

import json
import os
import re
import shutil
import sys
import textwrap
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
sys.dont_write_bytecode = True

try:
    from letters import Letter, letters
    from record import make_keys
    from rig import mail, smtp
    from rig.place import HOST, Place, need_root
    from rig.postfix import Listener, Postfix
    from rig.postseal import Postseal, binary
    from rig.postseal_config import Config, Milter, domain
    from rig.sink import Sink
    from rig.verify import DkimPy
except RuntimeError as error:  # a tool is missing; the message says which and how to get it
    sys.exit(f"demo: {error}")

DOMAIN = "example.org"
USERS = ("alice@example.org", "bob@elsewhere.example")

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def title(text: str) -> None:
    print("\n" + paint(text, "1"))


def row(label: str, text: str) -> None:
    """A label and its text, wrapped to the terminal."""
    width = 100
    first, *rest = textwrap.wrap(text, width - 18, break_long_words=True, break_on_hyphens=False) or [""]
    print(f"  {paint(f'{label:<15}', '36')} {first}")
    for line in rest:
        print(" " * 18 + line)


def readable(signature: bytes) -> str:
    """Each tag without white space, one space between them."""
    return " ".join(f"{name}={text};" for name, text in mail.tags(signature).items()).rstrip(";")


def start(stack: ExitStack, place: Place) -> tuple[Postseal, Postfix, Sink, DkimPy]:
    """Keys, daemon, sink and Postfix; each says in a line where it is."""
    title("Getting ready")
    keys = make_keys(binary(), place.folder("keys"), DOMAIN)
    for key in keys:
        row("postseal keygen", f"{key.name} TXT {key.record[:32]}...")

    milter = Milter("submission")
    config = Config([milter], [domain(DOMAIN, keys)])
    begin = time.monotonic()
    daemon = stack.enter_context(Postseal(place.folder("postseal"), config))
    row(
        "postseal run",
        f"milter on {milter.address}, metrics on {HOST}:{config.admin}; ready in {time.monotonic() - begin:.2f} s",
    )

    sink = stack.enter_context(Sink())
    listener = Listener("submission", milter.address, sasl=True)
    postfix = Postfix(place.folder("postfix"), sink.port, [listener], USERS, smtpd_sasl_local_domain=DOMAIN)
    stack.enter_context(postfix)
    row("postfix", f"submission on {HOST}:{listener.port} with smtpd_milters = {milter.address}")
    row("sink", f"all mail ends on {HOST}:{sink.port}")
    return daemon, postfix, sink, DkimPy.for_keys(keys)


def show(letter: Letter, daemon: Postseal, postfix: Postfix, sink: Sink, verifier: DkimPy) -> bool:
    """Sends one mail and shows what came out; whether it is what it should be."""
    title(letter.title)
    before = len(sink.arrivals)
    reply = smtp.submit(postfix.port("submission"), letter.user, ["someone@dest.example"], letter.data, letter.user)
    row("submission", f"{letter.user} logs in, sends {len(letter.data)} bytes: {reply.code} {reply.text}")
    if reply.code != 250:
        return False
    arrived = sink.wait(before + 1)[-1].data

    signatures = mail.values(arrived, b"DKIM-Signature")
    for signature in signatures:
        row("DKIM-Signature", re.sub(r"(\bb=\S{12})\S+", r"\1...", readable(signature)))
    if not signatures:
        row("DKIM-Signature", "none")
    verdicts = verifier.check_one(arrived)
    for one in verdicts:
        result = paint("pass", "32") if one.passed else paint(f"FAIL {one.detail}", "31")
        row("dkimpy says", f"{one.algorithm} of {one.domain}: {result}")

    row("log", json.dumps(daemon.message(reply.queue_id), ensure_ascii=False))
    return len(verdicts) == letter.signatures and all(one.passed for one in verdicts)


def summary(daemon: Postseal) -> None:
    """What the metrics say, in a few lines, and where to see more."""
    metrics = daemon.metrics()

    def counted(name: str, label: str) -> str:
        found = {labels[label]: value for metric, labels, value in metrics.samples if metric == name and value}
        return ", ".join(f"{value:g} {text}" for text, value in found.items()) or "none"

    title("In short")
    row("messages", counted("postseal_messages_total", "verdict"))
    signed, seconds = metrics.sum("postseal_signed_total"), metrics.sum("postseal_message_duration_seconds_sum")
    row("signed", f"{signed:g}, with {counted('postseal_dkim_signatures_total', 'selector')}")
    row("unsigned", counted("postseal_unsigned_total", "reason"))
    count = metrics.sum("postseal_message_duration_seconds_count")
    row("time", f"{1000 * seconds / max(count, 1):.1f} ms for a message, our part of it")
    row("memory", f"{metrics.sum('process_resident_memory_bytes') / 2**20:.0f} MiB")
    address = f"http://{HOST}:{daemon.config.admin}"
    row("metrics", f"{address}/metrics")
    row("status page", f"{address}/")


def wait_for_enter() -> None:
    """Whoever watches may look around first."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        input("\n  Everything still runs. Press Enter to stop and remove it. ")


def main() -> int:
    if os.geteuid() != 0 and shutil.which("sudo"):
        os.execvp("sudo", ["sudo", "--preserve-env=POSTSEAL_BIN", sys.executable, *sys.argv])
    need_root("Postfix starts as root")
    with Place("demo") as place, ExitStack() as stack:
        running = start(stack, place)
        good = [show(letter, *running) for letter in letters(DOMAIN)]
        summary(running[0])
        wait_for_enter()
    title("Done: everything is stopped and removed." if all(good) else "Something is not as it should be: see above.")
    return 0 if all(good) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, RuntimeError, TimeoutError) as error:
        sys.exit(f"demo: {error}")
