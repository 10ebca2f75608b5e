"""What the conftest.py of every test folder shares."""

import signal
import sys

import pytest

from .place import Place, need_root


def end_cleanly() -> None:
    """So that fixtures clean up when the run is ended from outside."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def as_root() -> None:
    """The same, for tests that start private mail servers."""
    end_cleanly()
    try:
        need_root("it starts private mail servers")
    except PermissionError as error:
        raise pytest.UsageError(str(error)) from error


def a_place(request):
    """A folder that stays, for a look at the logs, if a test failed."""
    failed = request.session.testsfailed
    with Place(request.module.__name__) as place:
        yield place
        if request.session.testsfailed > failed:
            place.keep = True
            print(f"\nlogs and configuration are in {place.path}")


@pytest.fixture
def say(capsys):
    """Prints a figure even though pytest captures what tests print."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return write
