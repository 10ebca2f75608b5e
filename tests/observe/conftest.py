"""What the tests of metrics, alerts and dashboards share."""

import signal
import sys

import pytest

from rig.place import Place, need_root
from scene import everything, keys_of


def pytest_configure(config) -> None:
    # so that fixtures clean up when the run is ended from outside
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        need_root("it starts private mail servers")
    except PermissionError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="module")
def place(request):
    """A folder that stays, for a look at the logs, if a test failed."""
    failed = request.session.testsfailed
    with Place(request.module.__name__) as place:
        yield place
        if request.session.testsfailed > failed:
            place.keep = True
            print(f"\nlogs and configuration are in {place.path}")


@pytest.fixture(scope="session")
def daemon():
    """postseal with every filter, 20 domains and no mail: what a scrape shows from the first moment."""
    with Place("observe") as place:
        keys = keys_of(place.folder("keys"), [f"d{number:02}.example" for number in range(20)])
        with everything(place, keys) as daemon:
            yield daemon


@pytest.fixture
def say(capsys):
    """Prints a figure even though pytest captures what tests print."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return write
