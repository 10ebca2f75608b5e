"""The runbook: its commands find what they are for, in a journal as it really is."""

import json
import re
import subprocess

import pytest

from rig import log_schema
from rig.place import ROOT, need_tool

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
# Where the lines come from, jq's options, its filter.
FILTERS = re.findall(r"(journalctl|postqueue)[^`\n]*? \| jq (-\w+) '([^']*)'", RUNBOOK)


def service(level: str, event: str, message: str, **fields) -> dict:
    return {"timestamp": "2026-11-22T10:00:00.000001Z", "level": level, "event": event, "message": message, **fields}


def ended(**fields) -> dict:
    """The line of a message."""
    line = {"timestamp": "2026-11-22T10:00:00.000001Z", "level": "info", "event": "message", "listener": "submission"}
    line |= {"queue_id": "658379A43E1", "client": "192.0.2.1", "user": "b***@example.com", "mail_from": "b***@example.com"}
    line |= {"rcpt_count": 1, "message_id": "<1@example.com>", "size": 2925, "verdict": "accept", "reply": None, "reasons": []}
    return line | {"edits": [], "signatures": [], "duration_us": 979} | fields


# Lines that postseal has written, with other names. Fields that the schema does not have are looked for in the source below.
LINES = [
    service("info", "listening", "waiting for MTAs", listener="submission", address="unix:/run/postseal/submission.sock"),
    service("warn", "configuration", "/etc/postseal/keys/s1.pem: the private key has no end line"),
    service("warn", "key", "/etc/postseal/keys/s1.pem: the private key has no end line", path="/etc/postseal/keys/s1.pem"),
    service("warn", "filter_failed", "can't sign", filter="dkim", code="sign_error", listener="mx", queue_id="6583", suppressed=0),
    service(
        "warn", "rate_limit_breach", "a sending limit is reached", rule="per-user", key="per-user:a***@example.com", limit="20/1m",
        count="recipients", action="tempfail", block_seconds=0, listener="submission", client="192.0.2.1",
    ),
    service("warn", "store", "counters can't be written", path="/var/lib/postseal/limits", error="No space left", suppressed=0),
    service("warn", "webhook", "an event could not be delivered", url="hooks.example.com", reason="no answer within 5s"),
    service("error", "panic", "index out of bounds", place="src/a.rs:1:2", thread="worker"),
    ended(),
    ended(user="a***@example.com", verdict="tempfail", reply="451 4.7.1 Later", reasons=["rate_limit.per-user"]),
    ended(reasons=["dkim.no_key_for_domain"]),
]
# systemd's words are among them, at the beginning too.
JOURNAL = ["Starting postseal.service...", *LINES[:1], "Started postseal.service.", *LINES[1:], "Stopping postseal.service..."]
QUEUE = [{"queue_name": "deferred", "queue_id": "4XyZ", "sender": sender} for sender in ("alice@example.com", "bob@example.com")]


def test_the_journal_is_one_of_postseal():
    assert log_schema.faults(LINES) == []
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.rs"))
    fields = {name for line in LINES if line["event"] not in ("message", "filter_failed") for name in line}
    assert not [name for name in fields - {"timestamp", "level", "message"} if not re.search(rf"[(%\s]{name}( = |,)", source)]


@pytest.mark.parametrize("origin, options, code", FILTERS, ids=[f"{number}" for number in range(len(FILTERS))])
def test_a_filter_finds_its_lines_and_no_others(origin, options, code):
    lines = JOURNAL if origin == "journalctl" else QUEUE
    code = code.replace("USER", "a***@example.com").replace("ADDRESS", "alice@example.com")
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    done = subprocess.run([need_tool("jq"), options, code], input=text, capture_output=True, text=True)
    found = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert 0 < len(found) < len(LINES)
    asked = set(re.findall(r"\.([a-z_]+)", re.sub(r'"[^"]*"', "", code)))
    known = {name for line in lines if isinstance(line, dict) for name in line}
    assert asked <= known, "a field that no line has"
    assert not [line for line in found if line == "null" or "" in line.split("\t")], "a field that these lines don't have"


def test_every_filter_is_tested():
    assert len(FILTERS) == len(re.findall(r"\bjq -\w+ '(?!fromjson\? \| \.\.\.)", RUNBOOK)) > 10
    assert all("R" in options and code.startswith("fromjson? | ") for origin, options, code in FILTERS if origin == "journalctl")
    assert not re.search(r"-u postseal[^|`\n]* -p\b", RUNBOOK), "the journal knows no levels"


def test_commands_for_kubernetes_name_what_is_there():
    entry = re.search(r'^ENTRYPOINT \["([^"]+)"\]', (ROOT / "deploy/container/Dockerfile").read_text(), re.M)[1]
    chart = (ROOT / "deploy/kubernetes/chart/templates/_container.tpl").read_text()
    config = re.search(r"args: \[run, --config, ([^\]]+)\]", chart)[1]
    commands = re.findall(r"^kubectl exec .*", RUNBOOK, re.M)
    assert len(commands) == 2
    for command in commands:
        assert f"-c postseal -- {entry} " in command and command.endswith(f" --config {config}")
