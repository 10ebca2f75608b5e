#!/usr/bin/python3
"""Records dialogues of real MTAs into `recorded/`, all of them or those named. Needs root, and what `tests/setup.sh
test` installs.

A filter that does as it is told stands between: it writes down every packet of both directions, in the form that
`tests/dialogues.rs` plays. Queue ids, ports and the like differ from one recording to the next; that is no reason to
record again.
"""

import socket
import struct
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "tests" / "e2e"))

from rig.place import HOST, Place, free_port, wait_for  # noqa: E402
from rig.postfix import Listener, Postfix  # noqa: E402
from rig.sendmail import Sendmail  # noqa: E402
from rig.sink import Sink  # noqa: E402

LEADING_SPACE, SKIP, REJECTED = 0x100000, 0x400, 0x800
NO_REPLIES = 0xFF080
EDITS = 0x1 | 0x4 | 0x10 | 0x40
LISTS = {2: "i {auth_authen} {mail_addr}", 3: "i {rcpt_addr} {rcpt_mailer}", 6: "i {msg_id}", 5: "i {msg_id}"}
MESSAGE = [
    "From: Alice <alice@test.example>", "To: someone@dest.example", "Subject: folded", "\tonce, and", "  twice",
    "X-None:without a space", "", "hello", "..", "world", ".",
]  # fmt: skip
MAIL = ["MAIL FROM:<alice@test.example>", "RCPT TO:<one@dest.example>", "RCPT TO:<two@dest.example>", "DATA", *MESSAGE]
AT_END = [
    b"p", b"mSubject\0 changed\n\tby a filter\0", b"iX-Recorded\0 yes\0", b"e<bob@test.example>\0",
    b"+<three@dest.example>\0", b"a",
]  # fmt: skip
AT_END[1] = b"m" + struct.pack(">I", 1) + AT_END[1][1:]
AT_END[2] = b"i" + struct.pack(">I", 0) + AT_END[2][1:]

# name: lines of the client, replies other than CONTINUE by command and how often it came, wishes
SCENARIOS = {
    "two_mails": (["EHLO client.test.example", *MAIL, *MAIL, "QUIT"], {"E1": AT_END}, (EDITS, LEADING_SPACE, {})),
    "own_macros": (["EHLO client.test.example", *MAIL, "QUIT"], {"E1": [b"a"]}, (0, LEADING_SPACE, LISTS)),
    "without_leading_space": (["HELO client.test.example", *MAIL, "QUIT"], {}, (0, 0, {})),
    "no_replies": (
        ["EHLO client.test.example", *MAIL, "RSET", *MAIL, "QUIT"],
        {"E1": AT_END},
        (EDITS, LEADING_SPACE | NO_REPLIES, {}),
    ),
    "helo_in_transaction": (
        ["HELO one.test.example", *MAIL[:2], "EHLO two.test.example", *MAIL[:2], "RSET", *MAIL, "QUIT"],
        {},
        (0, LEADING_SPACE, {}),
    ),
    "unknown_commands": (
        ["FOOBAR x y", "EHLO client.test.example", "NOOP", *MAIL[:2], "FOOBAR", "VRFY x", *MAIL[3:], "QUIT"],
        {},
        (0, LEADING_SPACE, {}),
    ),
    "refusals": (
        [
            "EHLO client.test.example", *MAIL[:3], "DATA", "RCPT TO:<three@dest.example>", "DATA", *MESSAGE,
            MAIL[0], *MAIL, *MAIL, "QUIT",
        ],
        {"R1": [b"t"], "T1": [b"y451 4.7.1 later\0"], "M2": [b"r"], "N2": [b"t"]},
        (0, LEADING_SPACE, {}),
    ),
    "accept_early": (
        ["EHLO client.test.example", *5 * MAIL, "QUIT"],
        {"M1": [b"a"], "R1": [b"a"], "T1": [b"a"], "L1": [b"a"], "B1": [b"a"]},
        (0, 0, {}),
    ),
    "refuse_content": (
        ["EHLO client.test.example", *4 * MAIL, "QUIT"],
        {"L1": [b"r"], "N1": [b"t"], "B1": [b"y550 5.7.1 no\0"], "E1": [b"r"]},
        (0, 0, {}),
    ),
    "discard": (["EHLO client.test.example", *MAIL, *MAIL, "QUIT"], {"R1": [b"d"], "E1": [b"d"]}, (0, 0, {})),
    "rejected_recipients": (
        ["EHLO client.test.example", MAIL[0], "RCPT TO:<refused@dest.example>", *MAIL[1:], "QUIT"],
        {},
        (0, LEADING_SPACE | REJECTED, LISTS),
    ),
    "reject_at_connect": (["EHLO client.test.example", "QUIT"], {"C1": [b"y554 5.7.1 go away\0"]}, (0, 0, {})),
    "reject_at_helo": (["EHLO a.test.example", MAIL[0], "EHLO b.test.example", "QUIT"], {"H1": [b"r"]}, (0, 0, {})),
    "skipped_steps": (
        ["EHLO client.test.example", *MAIL, "RSET", *MAIL, "QUIT"],
        {"E1": [b"a"]},
        (0, 0x1 | 0x2 | 0x4 | 0x20 | 0x40 | 0x200, {}),
    ),
    "null_sender_empty_body": (
        ["HELO client.test.example", "MAIL FROM:<>", MAIL[1], "DATA", "Subject: x", "", ".", "QUIT"],
        {},
        (0, LEADING_SPACE, {}),
    ),
    "client_goes_away": (["EHLO client.test.example", *MAIL[:-3]], {}, (0, LEADING_SPACE, {})),
}


class Recorder:
    """A filter that answers as told, and writes down what is said."""

    def __init__(self, replies, wishes):
        self.replies, self.wishes = replies, wishes
        self.port = free_port()
        self.recording, self.probed, self.done = False, threading.Event(), threading.Event()
        actions, protocol, lists = wishes
        words = " ".join(f"{stage} {names.replace(' ', ',')}" for stage, names in lists.items())
        self.lines = [f"wants {actions:x} {protocol:x} {words}".rstrip()]
        self._socket = socket.create_server((HOST, self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self._socket.accept()
            # Whoever looks whether the MTA is up makes it connect here, too.
            lines = self.lines if self.recording else []
            threading.Thread(target=self._session, args=[connection, lines], daemon=True).start()

    def _session(self, connection, lines):
        stream, seen = connection.makefile("rb"), {}
        while head := stream.read(4):
            body = stream.read(struct.unpack(">I", head)[0])
            code, data = chr(body[0]), body[1:]
            lines.append(note(">", body))
            seen[code] = seen.get(code, 0) + 1
            for reply in self._answer(code, data, seen[code]):
                lines.append(note("<", reply))
                connection.sendall(struct.pack(">I", len(reply)) + reply)
            if code == "Q":
                break
        else:
            lines.append("eof")
        connection.close()
        (self.done if lines is self.lines else self.probed).set()

    def _answer(self, code, data, number):
        if code == "O":
            return [self._negotiate(data)]
        waived = dict(C=0x1000, H=0x2000, M=0x4000, R=0x8000, T=0x10000, U=0x20000, N=0x40000, B=0x80000, L=0x80)
        if code in "DAQ" or waived.get(code, 0) & self.wishes[1]:
            return []
        return self.replies.get(f"{code}{number}", [b"c"])

    def _negotiate(self, data):
        version, _, offered = struct.unpack(">III", data[:12])
        actions, protocol, lists = self.wishes
        actions |= 0x100 if lists else 0
        answer = b"O" + struct.pack(">III", min(version, 6), actions, protocol & offered)
        for stage, names in lists.items():
            answer += struct.pack(">I", stage) + names.encode() + b"\0"
        return answer


def note(side, packet):
    special = {0: "\\0", 10: "\\n", 13: "\\r", 9: "\\t", 92: "\\\\"}
    text = "".join(special.get(c) or (chr(c) if 32 <= c < 127 else f"\\x{c:02x}") for c in packet[1:])
    return f"{side} {chr(packet[0])} {text}" if text else f"{side} {chr(packet[0])}"


def talk(port, lines):
    """One SMTP connection; the lines of a message get no reply, the dot does."""
    with socket.create_connection((HOST, port)) as client:
        stream = client.makefile("rb")
        reply = read_reply(stream)
        in_message = False
        for line in lines:
            if not reply:
                return
            client.sendall(line.encode() + b"\r\n")
            if in_message and line != ".":
                continue
            reply = read_reply(stream)
            in_message = line == "DATA" and reply.startswith(b"354")


def read_reply(stream):
    while line := stream.readline():
        if line[3:4] != b"-":
            return line
    return b""


def record(name, mta, replies, wishes, use):
    recorder = Recorder(replies, wishes)
    with Place("record") as place, Sink() as sink:
        with mta(place, sink, recorder.port) as running:
            recorder.probed.wait(3)
            time.sleep(0.5)
            recorder.recording = True
            use(running)
            wait_for("the end of the dialogue", recorder.done.is_set)
    path = HERE / "recorded" / f"{name}.trace"
    path.write_text("\n".join(recorder.lines) + "\n")
    print(path.name, len(recorder.lines))


def postfix(place, sink, port, **settings):
    milter = f"inet:{HOST}:{port}"
    refuse = place.folder("maps") / "recipients"
    refuse.write_text("refused@dest.example 550 5.1.1 User unknown\n")
    restrictions = f"check_recipient_access,texthash:{refuse},permit_mynetworks,reject"
    listener = Listener("smtp", milter, options={"smtpd_recipient_restrictions": restrictions})
    return Postfix(place.folder("postfix"), sink.port, [listener], **settings)


def sendmail(place, sink, port):
    return Sendmail(place.folder("sendmail"), sink.port, f"inet:{port}@{HOST}")


def main(names):
    for name in names:
        lines, replies, wishes = SCENARIOS[name]
        record(f"postfix_{name}", postfix, replies, wishes, lambda mta: talk(mta.listeners[0].port, lines))
        record(f"sendmail_{name}", sendmail, replies, wishes, lambda mta: talk(mta.port, lines))
    if names != list(SCENARIOS):
        return
    for version in (2, 3, 4):
        lines, replies, wishes = SCENARIOS["two_mails"]
        old = lambda *place, version=version: postfix(*place, milter_protocol=str(version))  # noqa: E731
        name = f"postfix_version_{version}"
        record(name, old, replies, wishes, lambda mta: talk(mta.listeners[0].port, lines))
    local = lambda place, sink, port: Postfix(  # noqa: E731
        place.folder("postfix"), sink.port, [], non_smtpd_milters=f"inet:{HOST}:{port}"
    )
    message = "\n".join(MESSAGE[:-1]).encode()
    mail = lambda mta: mta.sendmail("", ["one@dest.example"], message)  # noqa: E731
    record("postfix_non_smtpd", local, {"E1": AT_END}, (EDITS, LEADING_SPACE, {}), mail)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SCENARIOS))
