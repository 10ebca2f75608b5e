"""What the tests of metrics, alerts and dashboards share."""

import pytest

from rig.fixtures import a_place, as_root, say  # noqa: F401
from rig.place import Place
from scene import everything, keys_of


def pytest_configure(config) -> None:
    as_root()


@pytest.fixture(scope="module")
def place(request):
    yield from a_place(request)


@pytest.fixture(scope="session")
def daemon():
    """postseal with every filter, 20 domains and no mail: what a scrape shows from the first moment."""
    with Place("observe") as place:
        keys = keys_of(place.folder("keys"), [f"d{number:02}.example" for number in range(20)])
        with everything(place, keys) as daemon:
            yield daemon
