"""What all end-to-end tests share. Keys, name server and verifiers live for the whole run, the rest for one file."""

import pytest

from rig.dns import NameServer
from rig.fixtures import a_place, as_root, say  # noqa: F401
from rig.keys import Key, make_pair
from rig.place import Place
from rig.verify import DkimPy, MailDkim, OpenDkimT, Verdict

DOMAIN = "test.example"


def pytest_configure(config) -> None:
    as_root()


class Verifiers:
    """All three about many messages; Mail::DKIM knows RSA only."""

    RSA, ED25519 = "rsa-sha256", "ed25519-sha256"

    def __init__(self, dkimpy: DkimPy, mail_dkim: MailDkim, opendkim: OpenDkimT):
        self.dkimpy, self.mail_dkim, self.opendkim = dkimpy, mail_dkim, opendkim

    def all(self) -> list[tuple[object, tuple[str, ...]]]:
        """Each verifier with the algorithms it can judge."""
        both = (self.RSA, self.ED25519)
        return [(self.dkimpy, both), (self.mail_dkim, (self.RSA,)), (self.opendkim, both)]

    def check_one(self, message: bytes) -> list[Verdict]:
        return [verdict for verifier, _ in self.all() for verdict in verifier.check([message])[0]]


@pytest.fixture(scope="session")
def shared_place():
    with Place("shared") as place:
        yield place


@pytest.fixture(scope="session")
def keys(shared_place) -> list[Key]:
    """An RSA and an Ed25519 key of test.example, both published."""
    return make_pair(shared_place.folder("keys"), DOMAIN)


@pytest.fixture(scope="session")
def dns(shared_place, keys):
    with NameServer.for_keys(shared_place.folder("dns"), keys) as server:
        yield server


@pytest.fixture(scope="session")
def verifiers(shared_place, dns, keys):
    with MailDkim(dns) as mail_dkim:
        yield Verifiers(DkimPy.for_keys(keys), mail_dkim, OpenDkimT(shared_place.folder("opendkim"), dns))


@pytest.fixture(scope="module")
def place(request):
    yield from a_place(request)
