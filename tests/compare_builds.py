#!/usr/bin/python3
"""Shows whether two builds have the same interfaces: tests/compare_builds.py OLD NEW [--only PART ...] [--brief]

Both get the same command lines, configurations, messages and dialogues; compared are output, exit codes, answers to the
MTA, log lines, the scrape of /metrics, the status report. Prints what differs as `-` old and `+` new; exit code 1 if
anything does. What time or chance decides is left out (`clean`); signatures are compared octet by octet by `explain`.
"""
import argparse
import difflib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import header_cases  # noqa: E402
from rig import corpus, mail  # noqa: E402
from rig.keys import make_pair  # noqa: E402
from rig.mta import ALICE, BITS, FIELDS, FINAL, Closed, Mta, macros, packet  # noqa: E402
from rig.place import HOST, free_port, wait_for  # noqa: E402
from rig.process import Process  # noqa: E402
from rig.redis import Redis  # noqa: E402

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "COLUMNS": "100"}
MINIMAL = '[[listener]]\nname = "submission"\naddress = "inet:127.0.0.1:8891"\n'
EXAMPLE = ROOT / "deploy" / "postseal.toml"
DOMAIN = "test.example"
COMMANDS = ["", "check-config", "explain", "keygen", "limits", "limits list", "limits show", "limits reset", "limits block",
            "limits unblock", "run", "top", "help", "help limits block"]  # fmt: skip

# What is right, beside the example, its parts and MINIMAL; and what is wrong, beside each key with a value of another type.
GOOD = {
    "unix socket": '[[listener]]\nname = "a"\naddress = "local:/run/a.sock"\nrole = "mx"\nmode = "0600"\ngroup = "101"\n',
    "sendmail": '[[listener]]\nname = "a"\naddress = "inet:8891@127.0.0.1"\n[[listener]]\nname = "b"\naddress = "fd:b"\n',
    "origin": MINIMAL + '[origin]\nauthenticated = false\nnetworks = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]\n'
              'macros = { "{daemon_name}" = ["ORIGINATING"], j = ["a", "b"] }\n',
    "sizes": MINIMAL + '[limits]\npacket_size = "64KiB"\nheader_size = 1000000\nidle_timeout = "1h30m"\ndrain_idle = "0s"\n',
    "rate limits": MINIMAL + '[[rate_limit]]\nname = "u"\nkey = ["user", "client"]\ncount = "bytes"\n'
                   'limit = ["500MB/1d", "10MB/1m"]\naction = "reject"\nblock = "1h"\nexempt = [{ user = "news*" }]\n'
                   'override = { "a@b.example" = "none", "@big.example" = ["5/1h"] }\n[store]\nurl = "memory:"\n',
    "ramp": MINIMAL + '[[rate_limit]]\nname = "w"\nkey = ["recipient_domain"]\n[[rate_limit.ramp]]\n'
            'recipient_domain = ["gmail.com"]\nstart = "2026-01-01"\nschedule = ["50/1d", "100/1d"]\nstep = "1d"\n',
    "checks": MINIMAL + '[header_checks]\nshadow = true\nurl = "https://h.example/x"\nfixed_field = "X-A"\ntag_field = "none"\n'
              'missing_field = { action = "fix", otherwise = "reject", shadow = true }\nhtml_only = "tag"\n'
              'many_recipients = { action = "tempfail", max = 3 }\n[[header_checks.exception]]\nchecks = ["html_only"]\n'
              'user = ["a", "b*"]\nclient = "10.0.0.0/8"\naction = "off"\n',
    "sender": MINIMAL + '[sender]\nenvelope_mismatch = "rewrite"\nheader_mismatch = "add_sender"\nsender_field = "fix"\n'
              'require_alignment = true\ntag_separators = "+-"\ndefault_domain = "mail.example.com"\n[[sender.owner]]\n'
              'user = "web1"\nmay_use = ["@example.com"]\nin = ["from"]\n[[sender.rewrite]]\nmatch = "w@*.example.com"\n'
              'to = "a+$1@example.com"\n[[sender.autoresponder]]\nsender = "vacation@example.com"\nuser = "vacation"\n',
    "dkim": MINIMAL + '[dkim]\nkey_dir = "keys"\ncanonicalization = "simple/relaxed"\nexpiry = "none"\nheaders = ["From", "To"]\n'
            'oversign = []\non_missing_key = "reject"\n[[dkim.domain]]\ndomain = "*"\nsigning_domain = "test.example"\n'
            'identity = "@test.example"\n',
    "redis": MINIMAL + '[store]\nurl = "rediss-cluster://u:p%40w@a.example,b.example:7000"\ntimeout = "20ms"\non_error = "pass"\n',
    "sentinel": MINIMAL + '[store]\nurl = "redis-sentinel://a,b:5/main/2"\nprefix = "x:"\npassword_file = "password"\n',
    "webhook": MINIMAL + '[webhook]\nurl = "http://127.0.0.1:9/x?y=1"\ntoken_file = "token"\nretries = 0\nqueue = 1\n',
    "open listener": '[[listener]]\nname = "a"\naddress = "inet:0.0.0.0:8891"\n[admin]\naddress = "0.0.0.0:9891"\n',
    "mx only": '[[listener]]\nname = "a"\naddress = "inet:127.0.0.1:1"\nrole = "mx"\n[sender]\n[header_checks]\n[dkim]\nkey_dir = "keys"\n',
}  # fmt: skip
BAD = {
    "empty": "", "not TOML": MINIMAL + "[limits\n", "twice": MINIMAL + "[log]\n[log]\n", "octets": MINIMAL + "# \x00\n",
    "section": MINIMAL + "[limit]\n", "similar": MINIMAL + "[limits]\nconections = 1\n",
    "other section": MINIMAL + '[log]\nidle_timeout = "1s"\n', "no section": 'level = "info"\n' + MINIMAL,
    "unit": MINIMAL + '[limits]\nidle_timeout = "30"\nframe_timeout = "1 y"\nheader_size = "1M"\n',
    "small": MINIMAL + "[limits]\nconnections = 0\npacket_size = 100\nrecipients = -1\n",
    "network": MINIMAL + '[origin]\nnetworks = ["::1", "10.0.0.1/8", "x", "10.0.0.0/33", "::/129"]\n',
    "macro": MINIMAL + '[origin]\nmacros = { "daemon_name" = ["a"], "" = [], "{x" = "a" }\n',
    "names": MINIMAL + MINIMAL + MINIMAL.replace('"submission"', '"A b"'),
    "address": "".join(f'[[listener]]\nname = "l{n}"\naddress = "{a}"\n' for n, a in enumerate(
        ["", "x", "inet:1", "inet:127.0.0.1:x", "inet:127.0.0.1:70000", "unix:", "unix:relative", "inet6:::1:5", "fd:", "tcp:a:1"])),
    "mode": '[[listener]]\nname = "a"\naddress = "unix:/run/a"\nmode = "999"\n[[listener]]\nname = "b"\n'
            'address = "inet:127.0.0.1:1"\nmode = "0600"\nrole = "relay"\n',
    "no address": '[[listener]]\nname = "a"\n', "admin": MINIMAL + '[admin]\naddress = "localhost"\nsocket = "/run/a"\n',
    "admin files": MINIMAL + '[admin]\ntoken_file = "short"\n', "admin missing": MINIMAL + '[admin]\ntoken_file = "nowhere"\n',
    "key": MINIMAL + '[dkim]\n[[dkim.domain]]\ndomain = "a.example"\nkeys = [{ selector = "s", file = "nowhere.pem" }]\n',
    "bad key": MINIMAL + '[dkim]\n[[dkim.domain]]\ndomain = "a.example"\nkeys = [{ selector = "s", file = "short" }]\n',
    "no key": MINIMAL + '[dkim]\n[[dkim.domain]]\ndomain = "other.example"\n',
    "key_dir": MINIMAL + '[dkim]\nkey_dir = "nowhere"\n', "credential": MINIMAL + '[dkim]\n[[dkim.domain]]\ndomain = "a.example"\n'
               'keys = [{ selector = "s", file = "credential:x" }]\n',
    "domain": MINIMAL + '[dkim]\n[[dkim.domain]]\ndomain = "a b"\n[[dkim.domain]]\naddress = "x"\n[[dkim.domain]]\n',
    "identity": MINIMAL + '[dkim]\nkey_dir = "keys"\n[[dkim.domain]]\ndomain = "test.example"\nidentity = "@other.example"\n',
    "headers": MINIMAL + '[dkim]\nheaders = ["To"]\noversign = ["a b", ""]\ncanonicalization = "relaxed"\nexpiry = "1s"\n',
    "selector": MINIMAL + '[dkim]\n[[dkim.domain]]\ndomain = "a.example"\nkeys = [{ selector = "a b", file = "x" }]\n',
    "rate": MINIMAL + "".join(f'[[rate_limit]]\nname = "r{n}"\nkey = ["user"]\nlimit = "{rate}"\n' for n, rate in enumerate(
        ["", "5", "5/", "0/1h", "5/0s", "5KB/1h", "5/1y", "-1/1h", "99999999999999999999/1h", "5/400d"])),
    "rate twice": MINIMAL + '[[rate_limit]]\nname = "A"\nkey = ["user", "user"]\nlimit = ["1/1h", "2/1h"]\n[[rate_limit]]\n'
                  'name = "A"\nkey = []\nlimit = []\n',
    "rate words": MINIMAL + '[[rate_limit]]\nname = "a"\nkey = ["usr"]\ncount = "mails"\nlimit = "1/1h"\naction = "drop"\n'
                  'block = "x"\nreply = "{what} \\n"\nlistener = ["none"]\norigin = ["all"]\nexempt = [{}]\n',
    "override": MINIMAL + '[[rate_limit]]\nname = "a"\nkey = ["user"]\nlimit = "1/1h"\noverride = { "" = "1/1h", "a" = "x" }\n'
                'override_file = "overrides"\n[[rate_limit]]\nname = "b"\nkey = ["user"]\nlimit = "1/1h"\noverride_file = "nowhere"\n',
    "ramp": MINIMAL + '[[rate_limit]]\nname = "a"\nkey = ["user"]\n[[rate_limit.ramp]]\nrecipient_domain = []\nstart = "2026-13-01"\n'
            'schedule = []\nstep = "0s"\n',
    "no limit": MINIMAL + '[[rate_limit]]\nname = "a"\nkey = ["user"]\n',
    "checks": MINIMAL + '[header_checks]\nraw_8bit_headers = "fix"\nfrom_address = "fix"\nhtml_only = { action = "off", max = 1 }\n'
              'oversized_header = { max = 0 }\nurl = "x"\nfixed_field = "a b"\nrefuse_on = ["x"]\nbody_limit = "1TB"\n',
    "exception": MINIMAL + '[header_checks]\n[[header_checks.exception]]\nchecks = ["all"]\nlistener = "none"\n'
                 '[[header_checks.exception]]\nchecks = ["from_address"]\nuser = "a"\naction = "fix"\n',
    "sender": MINIMAL + '[sender]\nenvelope_mismatch = "add_sender"\nsender_field = "x"\ntag_separators = "a@"\ndefault_domain = "a b"\n'
              '[[sender.owner]]\nmay_use = ["x"]\n[[sender.owner]]\nuser = "a"\nmay_use = []\nin = ["to"]\n',
    "rewrite": MINIMAL + '[sender]\n[[sender.rewrite]]\nmatch = "a@b@c"\nto = "$2"\n[[sender.rewrite]]\nmatch = "*"\n'
               '[[sender.autoresponder]]\nsender = "x"\n', "table": MINIMAL + '[sender]\n[[sender.table]]\nfile = "nowhere"\n'
               '[[sender.table]]\nfile = "overrides"\nformat = "lines"\n[[sender.table]]\nfile = "overrides"\nformat = "postfix"\n',
    **{f"store {url}": MINIMAL + f'[store]\nurl = "{url}"\n' for url in [
        "", "redis", "redis://", "redis://a:x", "redis://a/b", "rediss:a", "http://a", "file:", "file:relative", "redis://a?x=1",
        "redis-cluster://a/1", "redis-sentinel://a", "redis+unix:///a?db=x", "redis://%zz@a", "memory:x"]},
    "store": MINIMAL + '[store]\ntimeout = "0ms"\non_error = "reject"\nconnections = 0\nmax_keys = 0\nprefix = " "\n'
             'password_file = "nowhere"\nca_file = "nowhere"\n',
    "webhook": MINIMAL + '[webhook]\nurl = "ftp://a"\ntoken_file = "nowhere"\nretries = -1\ntimeout = "0s"\n',
    "webhook url": MINIMAL + '[webhook]\nurl = "https://"\n', "log": MINIMAL + '[log]\nlevel = "warning"\nformat = "xml"\naddresses = 1\n',
    "times": MINIMAL + '[limits]\nfilter_timeout = "200s"\nend_of_message_timeout = "1s"\nidle_timeout = "1s"\n[reload]\nperiod = "1ms"\n',
}  # fmt: skip


def clean(text: str) -> str:
    """Without what time and chance decide."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "TIME", text)
    text = re.sub(r"\b([tx])=\d{9,}", r"\1=TIME", text)
    text = re.sub(r"[0-9a-f]{8}\.[0-9a-f]{16}(?=@postseal\.invalid)", "CHANCE", text)
    text = re.sub(r'("(?:duration|[a-z_]*(?:_ms|_seconds|_us|_at|since|started|uptime|time|wait|pid))":\s*)-?[\d.]+', r"\1N", text)
    text = re.sub(r"\b((?:duration|took|[a-z_]*_(?:ms|us)|pid)=)[\d.]+", r"\1N", text)
    return re.sub(r"\bb=[A-Za-z0-9+/=\s]+", "b=SIGNATURE", text)


def clean_metrics(text: str) -> str:
    """Names, labels, help, types and order; values but for times and what the kernel says of the process."""
    by_chance = r"(?:process_\w+|\w+_duration_seconds_(?:bucket|sum)|\w*reload_timestamp_seconds)"
    return re.sub(rf"(?m)^({by_chance}(?:\{{.*\}})?) \S+$", r"\1 N", text)


class Build:
    """One of the two programs, in a folder of its own so that both are called `postseal`."""

    def __init__(self, program: Path, folder: Path):
        folder.mkdir()
        self.program = folder / "postseal"
        shutil.copy2(program, self.program)

    def run(self, folder: Path, *arguments, **variables: str) -> str:
        """Output and exit code of a command."""
        done = subprocess.run([self.program, *map(str, arguments)], cwd=folder, env=ENVIRONMENT | variables, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True)
        parts = [("exit code", str(done.returncode)), ("stdout", done.stdout.decode("utf-8", "backslashreplace")),
                 ("stderr", done.stderr.decode("utf-8", "backslashreplace"))]
        return "".join(f"[{name}]\n{text.rstrip()}\n" for name, text in parts if text)


class Comparison:
    def __init__(self, old: Path, new: Path, work: Path):
        self.builds = [Build(old, work / "old"), Build(new, work / "new")]
        self.inputs, self.folder = work / "inputs", work / "run"
        self.compared, self.different = 0, []

    def afresh(self) -> Path:
        """The folder in which commands run, with nothing but the inputs."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.inputs, self.folder)
        return self.folder

    def same(self, what: str, old: str, new: str) -> None:
        self.compared += 1
        if old != new:
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "old", "new", n=2, lineterm="")
            self.different.append(f"=== {what}\n" + "\n".join([*lines][2:]))

    def command(self, what: str, *arguments, clean=lambda text: text, **variables: str) -> None:
        """Of a command that changes nothing in its folder."""
        self.same(what, *(clean(build.run(self.folder, *arguments, **variables)) for build in self.builds))


def prepare(inputs: Path) -> None:
    inputs.mkdir()
    (inputs / "made").mkdir()
    for key in make_pair(inputs / "made", DOMAIN):
        place = inputs / "keys" / DOMAIN
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o700)
        shutil.move(key.file, place / f"{key.selector}.pem")
    for name, text in {"short": "x\n", "token": "0123456789abcdef0123456789abcdef\n", "password": "secret\n",
                       "overrides": "# a comment\nalice 10/1h\nno limit at all\n\n@b.example none x\n"}.items():
        (inputs / name).write_text(text)
        (inputs / name).chmod(0o600)


def helps(compare: Comparison) -> None:
    for command in COMMANDS:
        words = command.split()
        for flag in ([], ["-h"], ["--help"]) if words[:1] != ["help"] else ([],):
            if words == ["run"] and not flag:
                continue
            compare.command(f"{command} {' '.join(flag)}", *words, *flag)
    for words in (["--version"], ["-V"], ["nothing"], ["chek-config"], ["run", "--nothing"], ["explain"], ["keygen"],
                  ["limits", "show"], ["limits", "list", "--most", "x"], ["keygen", "--algorithm", "rsa", "a.example"],
                  ["check-config", "--set", "x"], ["check-config", "--config"], ["top", "extra"]):  # fmt: skip
        compare.command(" ".join(words), *words)


def each_key() -> list[tuple[str, str, str]]:
    """(section, key, default) of each key of the example; of `[[a.b]]` with its parents."""
    found, section = [], ""
    for line in EXAMPLE.read_text().splitlines():
        if header := re.match(r"#?(\[+[a-z_.]+\]+)$", line):
            section = header[1]
        elif key := re.match(r"#?([a-z0-9_]+) = (.+)$", line):
            found.append((section, key[1], key[2]))
    return found


def configurations(compare: Comparison) -> None:
    folder = compare.afresh()
    file = folder / "p.toml"

    def check(what: str, text: str, *arguments, **variables: str) -> None:
        file.write_text(text)
        compare.command(f"check-config: {what}", "check-config", "--config", "p.toml", *arguments, **variables)

    check("example", EXAMPLE.read_text())
    everything = re.sub(r"(?m)^#([a-z0-9_]+ = |\[)", r"\1", EXAMPLE.read_text())
    check("example with every key", everything)
    check("minimal", MINIMAL)
    check("minimal, quiet", MINIMAL, "--quiet")
    for name, text in (GOOD | BAD).items():
        check(name, text)
    check("bad, quiet", BAD["similar"], "--quiet")
    for section, key, default in each_key():
        parents = "".join(f"[{parent}]\n" for parent in ("header_checks", "sender", "dkim") if section.startswith(f"[[{parent}."))
        start = "" if section == "[[listener]]" else MINIMAL
        for value in (default, "[[1]]", "true", "-5", '"x y"', '""', "{ z = 1 }"):
            check(f"{section} {key} = {value}", f"{start}{parents}{section}\n{key} = {value}\n")
    check("variables", MINIMAL, POSTSEAL__LIMITS__CONNECTIONS="7", POSTSEAL__ORIGIN__NETWORKS='["10.0.0.0/8"]', POSTSEAL_PORT="x")
    check("bad variables", MINIMAL, POSTSEAL__LIMITS__CONNECTIONS="x", POSTSEAL__LIMIT__X="1", POSTSEAL__LOG__LEVEL="inf")
    check("flags", MINIMAL, "--set", "log.level=debug", "--set", 'origin.networks=["10.0.0.0/8"]')
    check("bad flags", MINIMAL, "--set", "log.level=x", "--set", "log.levels=info", "--set", "a=b")
    compare.command("check-config: no file", "check-config", "--config", "nowhere.toml")
    compare.command("check-config: a folder", "check-config", "--config", "keys")
    file.write_bytes(MINIMAL.encode() + b'# \xff\n')
    compare.command("check-config: not UTF-8", "check-config", "--config", "p.toml")


def commands(compare: Comparison) -> None:
    """Exit codes and texts where a command fails, and of keygen where it does not."""
    folder = compare.afresh()
    (folder / "good.toml").write_text(MINIMAL + '[admin]\naddress = "127.0.0.1:1"\n')
    (folder / "none.toml").write_text(MINIMAL + '[admin]\naddress = "none"\n')
    (folder / "bad.toml").write_text(BAD["similar"])
    (folder / "busy.toml").write_text('[[listener]]\nname = "a"\naddress = "unix:/nowhere/at/all"\n[admin]\naddress = "none"\n')
    (folder / "mail.eml").write_bytes(mail.make(f"alice@{DOMAIN}", "b@dest.example", "x"))
    for config in ("good", "none", "bad", "nowhere"):
        for words in (["limits", "list"], ["limits", "show", "x"], ["limits", "reset", "x"], ["limits", "block", "x:y"],
                      ["limits", "list", "--json"], ["top", "--once"], ["top"]):  # fmt: skip
            compare.command(f"{config}: {' '.join(words)}", *words, "--config", f"{config}.toml")
    for config in ("bad", "busy", "nowhere"):
        # The log is written in the background; of a start that fails at once it may say nothing.
        errors = lambda text: re.sub(r"\[stdout\]\n(?:\{.*\n)*", "", clean(text))  # noqa: E731
        compare.command(f"{config}: run", "run", "--config", f"{config}.toml", clean=errors)
    for words in (["nowhere.eml"], ["keys"], ["mail.eml", "--listener", "none"], ["mail.eml", "--client", "x"],
                  ["mail.eml", "--macro", "x"], ["mail.eml", "--output", "/nowhere/x"], ["mail.eml", "--from", "<a"],
                  ["mail.eml", "--rcpt", ""], ["mail.eml", "--config", "bad.toml"], ["mail.eml", "--auth", ""]):  # fmt: skip
        compare.command(f"explain {' '.join(words)}", "explain", *words, *([] if "--config" in words else ["--config", "good.toml"]),
                        clean=clean)
    for words in (["a b"], [""], ["x.example", "--selector", "a b"], ["x.example", "--dir", "/proc/x"], ["xn--a.example"],
                  ["x.example", "--algorithm", "ed25519", "--selector", "s"], ["bücher.example", "--selector", "t", "--dir", "new"],
                  ["x.example", "--algorithm", "ed25519", "--selector", "s", "--dir", "keys"],
                  ["y.example", "--algorithm", "rsa3072", "--dir", "keys"]):  # fmt: skip
        outputs = []
        for build in compare.builds:
            folder = compare.afresh()
            twice = [build.run(folder, "keygen", *words, *([] if "--dir" in words else ["--dir", "keys"])) for _ in range(2)]
            made = [f"{path.relative_to(folder)} {path.stat().st_mode:o}" for path in sorted(folder.rglob("*"))]
            # A key is by chance: its text, and where that is cut.
            text = re.sub(r"[A-Za-z0-9+/=\\\"\s()]{44,}", "KEY", "\n".join(twice))
            outputs.append(text + "\n" + "\n".join(made))
        compare.same(f"keygen {' '.join(words)}, twice", *outputs)


EXPLAINED = (
    '[[listener]]\nname = "submission"\naddress = "inet:127.0.0.1:1"\n[[listener]]\nname = "mx"\naddress = "inet:127.0.0.1:2"\n'
    'role = "mx"\n[[listener]]\nname = "local"\naddress = "inet:127.0.0.1:3"\nrole = "local"\n'
    "[header_checks]\n%s[dkim]\nkey_dir = \"keys\"\n[[dkim.domain]]\ndomain = \"*\"\nsigning_domain = \"test.example\"\n"
)
SENDERS = (
    '[sender]\nenvelope_mismatch = "rewrite"\nheader_mismatch = "rewrite"\nsender_field = "fix"\nrequire_alignment = true\n'
    f'[[sender.owner]]\nuser = "alice"\nmay_use = ["@{DOMAIN}"]\naddress = "alice@{DOMAIN}"\n'
    '[[rate_limit]]\nname = "u"\nkey = ["user"]\nlimit = "100/1h"\n'
)


def explanations(compare: Comparison) -> None:
    """`explain` of messages with each defect that a header check knows, and of a sample of real mail, in three ways."""
    folder = compare.afresh()
    (folder / "p.toml").write_text(EXPLAINED % "")
    (folder / "all.toml").write_text(EXPLAINED % 'long_body_line = "fix"\neight_bit_body = "fix"\nhtml_only = "tag"\nencoded_word = "fix"\n'
                                     + SENDERS)
    messages = {}
    for case in header_cases.CASES:
        messages |= {f"{case.check} broken": case.broken, f"{case.check} near": case.near}
        if case.real:
            messages[f"{case.check} {case.real}"] = corpus.named(case.real).data
    messages |= {one.name: one.data for one in corpus.everything()[::150]}
    for number, (name, data) in enumerate(messages.items()):
        (folder / "mail.eml").write_bytes(data)
        ways = [["--auth", "alice", "--from", f"alice@{DOMAIN}", "--rcpt", "b@dest.example", "--config", "all.toml"],
                ["--config", "p.toml", "--json"], ["--listener", "mx", "--client", "192.0.2.1", "--config", "all.toml"]]  # fmt: skip
        for way in ways[:2] if number % 5 else ways:
            explain_once(compare, f"explain {name}: {' '.join(way)}", folder, way)
    print(f"{len(messages)} messages explained", file=sys.stderr)


def explain_once(compare: Comparison, what: str, folder: Path, way: list[str]) -> None:
    """Both within one second, so that the same key has to make the same signature, octet by octet."""
    for _ in range(5):
        results = []
        for build in compare.builds:
            (folder / "out.eml").unlink(missing_ok=True)
            said = build.run(folder, "explain", "mail.eml", "--output", "out.eml", *way)
            made = (folder / "out.eml").read_bytes() if (folder / "out.eml").exists() else b"no output"
            results.append((said, made.decode("latin-1")))
        times = [re.findall(r"\bt=(\d{9,})|_at\":(\d+)", made) for _, made in results]
        if times[0] == times[1]:
            break
    compare.same(f"{what}, what it says", *(clean(said) for said, _ in results))
    made = [made for _, made in results]
    if any("@postseal.invalid>" in one for one in made):  # a Message-ID that was made by chance is signed
        made = [clean(one) for one in made]
    compare.same(f"{what}, the message", *made)


# --- the running service ---


def served(ports: dict[str, int], store: str, log: str) -> str:
    listeners = "".join(f'[[listener]]\nname = "{name}"\naddress = "inet:{HOST}:{ports[name]}"\nrole = "{name}"\n'
                        for name in ("submission", "local", "reinject", "mx"))
    return f"""{listeners}
[admin]
address = "{HOST}:{ports['admin']}"
socket = "admin.sock"
token_file = "token"
[origin]
networks = ["198.51.100.0/24"]
macros = {{ "{{daemon_name}}" = ["ORIGINATING"] }}
[limits]
header_size = "64KiB"
header_fields = 60
recipients = 4
frame_timeout = "1s"
[header_checks]
long_body_line = "fix"
html_only = "tag"
[dkim]
key_dir = "keys"
[sender]
header_mismatch = "rewrite"
sender_field = "fix"
[[sender.owner]]
user = "bob"
may_use = ["@{DOMAIN}"]
address = "bob@{DOMAIN}"
[[sender.owner]]
listener = ["local", "reinject"]
may_use = ["*"]
[[sender.owner]]
client = "198.51.100.0/24"
may_use = ["alice@{DOMAIN}"]
[[rate_limit]]
name = "per-user"
key = ["user"]
count = "messages"
limit = ["14/1h", "30/1d"]
block = "10m"
[[rate_limit]]
name = "recipients"
key = ["sender_domain"]
limit = "60/1h"
action = "quarantine"
[[rate_limit]]
name = "volume"
key = ["client"]
count = "bytes"
limit = "100KB/1h"
action = "log"
[store]
url = "{store}"
timeout = "2s"
[log]
{log}
"""


class Dialogue:
    """A connection to the service that notes each answer in words, whatever it is."""

    def __init__(self, port: int, said: list[str]):
        self.mta, self.said = Mta(port), said

    def step(self, command: bytes, data: bytes = b"") -> bytes:
        """The reply; `continue` where none is due."""
        off, waived = BITS.get(command, (0, 0))
        if self.mta.steps & off:
            return b"c"
        self.mta.write(packet(command, data))
        return b"c" if self.mta.steps & waived else self.note(command)

    def note(self, what: bytes) -> bytes:
        while True:
            try:
                command, data = self.mta.read()
            except (Closed, OSError) as error:
                self.said.append(f"{what!r}: {type(error).__name__}")
                return b""
            self.said.append(f"{what!r}: {command!r} {clean(data.decode('latin-1'))!r}")
            if command in FINAL or what == b"O":
                return command

    def negotiate(self, version: int = 6, actions: int = 0x1FF, steps: int = 0x1FFFFF) -> None:
        try:
            self.said.append(str((self.mta.negotiate(version, actions, steps), self.mta.wanted)))
        except (Closed, AssertionError) as error:
            self.said.append(f"negotiation: {error!r}")

    def hello(self, address: str = "192.0.2.9") -> None:
        self.mta.write(macros(b"C", {"j": "mta.test.example", "v": "Postfix 3.7.11", "{daemon_name}": "smtpd"}))
        self.step(b"C", b"client.example\x004\x30\x39" + address.encode() + b"\0")
        self.step(b"H", b"client.example\0")

    def message(self, number: int, fields, body: bytes, login=ALICE, sender=b"<alice@test.example>", recipients=1) -> None:
        self.mta.write(macros(b"M", {"i": f"4Q{number}", **login}))
        if self.step(b"M", sender + b"\0") != b"c":
            return
        taken = [self.step(b"R", b"<someone%d@dest.example>\0" % recipient) for recipient in range(recipients)]
        if b"c" not in taken or self.step(b"T") != b"c":
            self.mta.write(packet(b"A"))
            return
        for name, value in fields:
            value = value if self.mta.leading_space else value.removeprefix(b" ")
            if self.step(b"L", name + b"\0" + value.replace(b"\r\n", b"\n") + b"\0") != b"c":
                return
        if self.step(b"N") != b"c" or self.step(b"B", body) not in (b"c", b"s"):
            return
        self.mta.write(packet(b"E"))
        self.note(b"E")


def traffic(ports: dict[str, int], gone) -> list[str]:
    """One connection after the other; `gone` waits until the service has seen its end."""
    said: list[str] = []
    number = 0
    plain = b"Hello.\r\n"
    bob = {"{auth_type}": "PLAIN", "{auth_authen}": "bob"}
    changed = lambda name, value: [(n, value if n == name else v) for n, v in FIELDS]  # noqa: E731

    def talk(listener: str, what: str, *messages: dict, address: str = "192.0.2.9", **offer) -> None:
        nonlocal number
        said.append(f"--- {listener}: {what}")
        dialogue = Dialogue(ports[listener], said)
        try:
            dialogue.negotiate(**offer)
            dialogue.hello(address)
            for message in messages:
                number += 1
                dialogue.message(**({"number": number, "fields": FIELDS, "body": plain} | message))
        except (Closed, OSError) as error:
            said.append(type(error).__name__)
        dialogue.mta.close()
        gone()

    talk("submission", "plain", {}, {"body": b"a" * 70_000}, {"recipients": 6})
    talk("submission", "versions", {}, version=2, actions=0x3F, steps=0x7F)
    talk("submission", "no edits", {}, actions=0)
    talk("submission", "strangers", {"login": {}}, {"login": {"{daemon_name}": "ORIGINATING"}})
    talk("submission", "network", {"login": {}}, address="198.51.100.7")
    for listener in ("local", "reinject", "mx"):
        talk(listener, "plain", {"login": {}}, {"login": {}, "fields": changed(b"Subject", b" Gr\xfc\xdfe")})
    odd = [changed(b"Subject", b" Gr\xfc\xdfe"), changed(b"Subject", b" x" * 600), changed(b"Date", b" yesterday"),
           changed(b"From", b" alice@test.example, bob@test.example"), changed(b"From", b" carol@other.example"),
           changed(b"From", b" <>"), [*FIELDS, (b"From", b" bob@test.example")], FIELDS[1:], [],
           [*FIELDS, (b"Sender", b" dave@test.example")], [*FIELDS, (b"X" * 30, b" y")] * 10, [*FIELDS, (b"X-Big", b" y" * 40_000)],
           [*FIELDS, (b"Content-Type", b" text/html; charset=utf-8")], changed(b"Subject", b" =?utf-8?Q?a=0Ab?=")]  # fmt: skip
    talk("submission", "fields", *({"fields": fields, "login": bob, "sender": b"<bob@test.example>"} for fields in odd))
    talk("submission", "bodies", *({"body": body, "login": bob, "sender": b"<bob@test.example>"} for body in (
        b"", b"Gr\xc3\xbc\xc3\x9fe\r\n", b"x" * 2000 + b"\r\n", b"a\nb\rc\r\n", b"nul \0\r\n", b"\r\n\r\n\r\n")))
    talk("submission", "senders", {"sender": b"<>"}, {"sender": b"<carol@other.example>"}, {"sender": b"<carol@other.example>", "login": bob})
    talk("submission", "over the limit", *({} for _ in range(14)))
    for what, data in {
        "too long": struct.pack(">I", 1 << 27) + b"L", "empty": b"\0\0\0\0", "unknown": packet(b"z"), "out of order": packet(b"E"),
        "bad negotiation": packet(b"O", b"x"), "old version": packet(b"O", struct.pack(">III", 1, 0, 0)), "half": b"\0\0\0\x09O",
        "quit": packet(b"Q"), "macro": packet(b"D"), "abort": packet(b"A"), "nothing": b"",
    }.items():  # fmt: skip
        said.append(f"--- {what}")
        for after in (False, True):
            if after and what in ("bad negotiation", "old version", "nothing"):
                continue
            dialogue = Dialogue(ports["submission"], said)
            if after:
                dialogue.negotiate()
                dialogue.hello()
                dialogue.mta.write(macros(b"M", {"i": "4Q", **ALICE}))
                dialogue.step(b"M", b"<alice@test.example>\0")
            dialogue.mta.write(data)
            if what not in ("quit", "macro", "abort", "nothing"):
                dialogue.note(what.encode())
            dialogue.mta.close()
            gone()
    return said


def ask(port: int, path: str, method: str = "GET", token: bool = False) -> str:
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", method=method)
    if token:
        request.add_header("Authorization", "Bearer 0123456789abcdef0123456789abcdef")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            status, headers, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, headers, body = error.code, error.headers, error.read()
    kept = [f"{name}: {value}" for name, value in headers.items() if name.lower() not in ("date", "content-length")]
    return f"{status}\n" + "\n".join(kept) + "\n\n" + body.decode()


def observed(build: Build, folder: Path, ports: dict[str, int], store: str, log: str) -> dict[str, str]:
    """Everything that can be seen of a service from its start to its end, by name."""
    config = folder / "p.toml"
    config.write_text(served(ports, store, log))
    environment = ENVIRONMENT
    process = Process([build.program, "run", "--config", "p.toml"], folder / "log", cwd=folder, env=environment)
    seen = {}
    admin = ports["admin"]

    def metrics() -> str:
        return ask(admin, "/metrics")

    def value(line: str) -> float:
        return sum(map(float, re.findall(rf"(?m)^{line} (\S+)$", metrics())))

    with process.start():
        process.wait_until("ready", lambda: port_says(admin, "/readyz", "ready"), 20)
        seen["metrics at the start"] = clean_metrics(metrics())
        gone = lambda: wait_for("the end of a connection", lambda: value(r"postseal_connections_open\{.*\}") == 0)  # noqa: E731
        seen["answers to the MTA"] = "\n".join(traffic(ports, gone))
        for arguments in (["list"], ["list", "--json"], ["show", "alice@test.example"], ["show", "per-user:bob", "--json"],
                          ["show", "nobody"], ["list", "x"], ["list", "--blocked"], ["reset", "per-user:alice@test.example"],
                          ["block", "per-user:mallory"], ["unblock", "per-user:mallory"], ["unblock", "per-user:none"]):  # fmt: skip
            seen[f"limits {' '.join(arguments)}"] = times(build.run(folder, "limits", *arguments, "--config", "p.toml"))
        # Mail a minute has a bar more where a minute has ended meanwhile.
        seen["top"] = re.sub("[▁▂▃▄▅▆▇█]", " ", times(build.run(folder, "top", "--once", "--config", "p.toml")))
        for path in ("/", "/healthz", "/readyz", "/nothing", "/api/limits", "/api/limits?prefix=per-user", "/api/decisions/1"):
            for token in (False, True):
                seen[f"GET {path} {token}"] = times(ask(admin, path, token=token))
        seen["POST /metrics"] = ask(admin, "/metrics", "POST")
        head, _, body = ask(admin, "/api/status", token=True).partition("\n\n")
        status = json.loads(body)
        status["minutes"] = sorted({verdict for minute in status["minutes"] for verdict in minute["verdicts"]})
        seen["status"] = head + times(json.dumps(status, indent=1))
        seen["metrics"] = clean_metrics(metrics())
        reload(process, config, config.read_text() + "x = 1\n", lambda: value('postseal_config_reloads_total\\{outcome="failure"\\}') == 1)
        good = served(ports, store, log).replace('limit = "60/1h"', 'limit = "61/1h"')
        reload(process, config, good, lambda: value('postseal_config_reloads_total\\{outcome="success"\\}') == 1)
        restart = good.replace('socket = "admin.sock"\n', "")
        reload(process, config, restart, lambda: sum(map(value, reloads())) == 3)
        seen["metrics at the end"] = clean_metrics(metrics())
        process.signal(signal.SIGTERM)
        seen["exit code"] = str(process.wait(20))
    seen["log"] = "\n".join(times(clean(line)) for line in process.log().splitlines())
    return seen


def reloads() -> list[str]:
    return [f'postseal_config_reloads_total\\{{outcome="{outcome}"\\}}' for outcome in ("failure", "success")]


def reload(process: Process, config: Path, text: str, done) -> None:
    config.write_text(text)
    process.signal(signal.SIGHUP)
    wait_for("the reload", done)


def port_says(port: int, path: str, text: str) -> bool:
    try:
        return text in ask(port, path).splitlines()
    except OSError:
        return False


def times(text: str) -> str:
    """Without the times that tables, the status report and replies show."""
    text = clean(text)
    text = re.sub(r"\b\d+ ?(?:ms|s|min|m|h|d)\b(?: ?\d+ ?(?:s|m|h)\b)*", "SPAN", text)
    text = re.sub(r"\b\d\d:\d\d(:\d\d)?\b", "CLOCK", text)
    return re.sub(r"\b1[67]\d{8}(\.\d+)?(\d{3})?\b", "EPOCH", text)


def service(compare: Comparison) -> None:
    """The same day in the life of a service with counters in memory, in a file, in Redis, and in a Redis that is away."""
    ports = {name: free_port() for name in ("submission", "local", "reinject", "mx", "admin")}
    away = free_port()
    with tempfile.TemporaryDirectory(prefix="postseal-redis-") as folder, Redis(Path(folder)) as redis:
        for what, store, log in (
            ("memory", "memory:", 'level = "debug"\naddresses = true'),
            ("text log", "memory:", 'format = "text"'),
            ("file", f"file:{compare.folder}/state.redb", ""),
            ("redis", f"redis://{HOST}:{redis.port}", ""),
            ("redis away", f"redis://{HOST}:{away}", ""),
        ):
            seen = []
            for build in compare.builds:
                redis.cli("flushall")
                found = observed(build, compare.afresh(), ports, store, log)
                if what == "redis":
                    found["keys in Redis"] = "\n".join(sorted(redis.cli("keys", "*").splitlines()))
                seen.append(found)
            for name in seen[0]:
                compare.same(f"service, {what}: {name}", seen[0][name], seen[1][name])


PARTS = {"help": helps, "config": configurations, "commands": commands, "explain": explanations, "service": service}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--brief", action="store_true", help="name what differs, and no more")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="compare these parts only")
    options = parser.parse_args()
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="postseal-compare-") as work:
        compare = Comparison(options.old, options.new, Path(work))
        prepare(compare.inputs)
        compare.afresh()
        for part in options.only:
            before, begun = compare.compared, time.monotonic()
            PARTS[part](compare)
            print(f"{part}: {compare.compared - before} comparisons in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if options.brief:
        compare.different = [text.splitlines()[0] for text in compare.different]
    print("\n\n".join(compare.different) or f"no difference in {compare.compared} comparisons")
    if compare.different:
        print(f"\n{len(compare.different)} of {compare.compared} comparisons differ")
    sys.exit(bool(compare.different))


if __name__ == "__main__":
    main()
