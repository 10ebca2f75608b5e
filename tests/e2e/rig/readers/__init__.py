"""The five readers by which repairs are judged: Python's two parsers, mailparser and postal-mime (Node), MIME::Tools (Perl)."""

import json
import subprocess
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from pathlib import Path

from ..place import CACHE
from ..reader import ADDRESS_FIELDS, PythonEmail, Seen

_HERE = Path(__file__).parent
_UNREADABLE = "\ufffd"


class PythonDefault:
    """The parser with policy.default, which decodes fields itself."""

    name = "Python's email package, policy.default"

    def sees(self, message: bytes) -> Seen:
        parsed = message_from_bytes(message, policy=policy.default)
        mailboxes = [
            (field, one.display_name, one.addr_spec)
            for field in ADDRESS_FIELDS
            for value in _read(lambda: parsed.get_all(field, []), [])
            for one in _read(lambda: value.addresses, ())
        ]
        parts = list(parsed.walk())
        texts = [_read(lambda: _content(part), _UNREADABLE) for part in parts if part.get_content_maintype() == "text"]
        files = [_read(lambda: part.get_filename() or "", _UNREADABLE) for part in parts if not part.is_multipart()]
        subject = _read(lambda: str(parsed.get("Subject", "")), _UNREADABLE)
        return Seen(subject, mailboxes, texts, files, [part.get_content_type() for part in parts])


class Program:
    """A reader that is a program: for each message a line of JSON. Use as a context manager."""

    def __init__(self, name: str, *command: str | Path):
        self.name = name
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def sees(self, message: bytes) -> Seen:
        self.child.stdin.write(b"%d\n%s" % (len(message), message))
        self.child.stdin.flush()
        seen = json.loads(self.child.stdout.readline())
        mailboxes = [tuple(one) for one in seen["addresses"]]
        return Seen(seen["subject"], mailboxes, seen["texts"], seen["files"], seen["structure"])

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_exc) -> None:
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()


@contextmanager
def five():
    """All five, ready."""
    folder = CACHE / "readers"
    if not (folder / "node_modules").exists():
        raise FileNotFoundError(f"{folder} is missing: run `tests/setup.sh test`")
    with ExitStack() as stack:
        programs = [Program(name, "node", _HERE / "readers.mjs", folder, name) for name in ("mailparser", "postal-mime")]
        programs.append(Program("MIME::Tools", "perl", _HERE / "mime_tools.pl"))
        for program in programs:
            stack.enter_context(program)
        yield [PythonEmail(), PythonDefault(), *programs]


def _content(part) -> str:
    try:
        return part.get_content()
    except LookupError:
        return (part.get_payload(decode=True) or b"").decode("us-ascii", "replace")


def _read(read, otherwise):
    """Some faulty fields make the parser fail, or a value is no address field to it."""
    try:
        return read()
    except Exception:  # noqa: BLE001  whatever it is, the reader can't read it
        return otherwise
