"""What all end-to-end tests share. Keys, name server and verifiers live for the whole run, the rest for one file."""

import signal
import sys

import pytest

from rig.dns import NameServer
from rig.keys import Key, make_pair
from rig.place import Place, need_root
from rig.verify import DkimPy, MailDkim, OpenDkimT, Verdict

DOMAIN = "test.example"


def pytest_configure(config) -> None:
    # so that fixtures clean up when the run is ended from outside
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        need_root("it starts private mail servers")
    except PermissionError as error:
        raise pytest.UsageError(str(error)) from error


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


def a_place(request):
    """A folder that stays, for a look at the logs, if a test failed."""
    failed = request.session.testsfailed
    with Place(request.module.__name__) as place:
        yield place
        if request.session.testsfailed > failed:
            place.keep = True
            print(f"\nlogs and configuration are in {place.path}")


@pytest.fixture(scope="module")
def place(request):
    yield from a_place(request)


@pytest.fixture
def say(capsys):
    """Prints a figure even though pytest captures what tests print."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return write
