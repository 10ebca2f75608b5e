"""What the tests of deploy/ share."""

import signal
import sys

import pytest

from rig.place import Place


def pytest_configure(config) -> None:
    # so that fixtures clean up when the run is ended from outside
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@pytest.fixture
def place(request):
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
