"""Mail never makes a series: 10,000 senders in 20 domains, through a real Postfix."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rig import mail, smtp
from rig.place import wait_for
from rig.postseal_config import Config
from rig.world import world
from scene import configuration, keys_of
from test_metrics import SERIES

pytestmark = pytest.mark.heavy

SENDERS, CLIENTS = 10_000, 8
BOB, OUT = "bob@test.example", ["someone@dest.example"]


@pytest.fixture(scope="module")
def here(place):
    names = ["test.example", *(f"d{number:02}.example" for number in range(19))]
    config: Config = configuration(place, keys_of(place.folder("keys"), names))
    # Bob sends for all of them, as a newsletter service does.
    config.more = config.more.replace('["@nokey.example"]', '["*"]').replace('"alice@test.example" = "9000/1m"', f'"{BOB}" = "none"')
    with world(place, config) as here:
        yield here, names


def test_ten_thousand_senders_make_no_series(here, say):
    here, names = here

    def send(first: int) -> list[int]:
        with smtp.Client(here.submission, BOB) as client:
            senders = (f"sender{number}@{names[number % len(names)]}" for number in range(first, SENDERS, CLIENTS))
            return [client.send(sender, OUT, mail.make(sender, OUT[0], "news")).code for sender in senders]

    before = len(here.daemon.metrics().samples)
    with ThreadPoolExecutor(CLIENTS) as clients:
        codes = [code for part in clients.map(send, range(CLIENTS)) for code in part]
    assert codes == [250] * SENDERS
    wait_for("all are counted", lambda: here.daemon.metrics().sum("postseal_signed_total") >= SENDERS)
    series = len(here.daemon.metrics().samples)
    say(f"{series} series after mail of {SENDERS} senders in {len(names)} domains, {before} before")
    assert series <= SERIES and series < before + 100
