"""What the tests of deploy/ share."""

import pytest

from rig.fixtures import a_place, end_cleanly, say  # noqa: F401


def pytest_configure(config) -> None:
    end_cleanly()


@pytest.fixture
def place(request):
    yield from a_place(request)
