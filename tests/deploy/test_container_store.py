"""The image with a Redis: found by name, which a static binary in an empty image must do by itself, and with a password."""

import subprocess

import pytest

from chart import of_kind, postseal, render
from container import Container
from pod import QUICK, pair, secret
from rig.dns import NameServer
from rig.mail import make
from rig.place import HOST, free_port, need_tool, port_is_open
from rig.postfix import Listener, Postfix
from rig.process import Process
from rig.sink import Sink
from rig.smtp import submit
from volume import Volume

pytestmark = pytest.mark.heavy

ALICE, SINK = "alice@test.example", "x@dest.example"
PASSWORD = "open sesame"
LIMIT = '\n[[rate_limit]]\nname = "per-user"\nkey = ["user"]\ncount = "messages"\nlimit = "3/1h"\n'


def test_limits_are_counted_in_redis(place):
    """As the chart has it: URL in the environment, password in a Secret. The fourth message has to wait."""
    port, listener = free_port(), free_port()
    redis = Process([need_tool("redis-server"), "--port", port, "--bind", HOST, "--requirepass", PASSWORD,
                     "--save", "", "--dir", place.path], place.path / "redis.log")  # fmt: skip
    text = render("standalone-minimal", "--set", f"store.url=redis://ns.test.example:{port}", "--set",
                  "store.passwordFrom.secret=redis", "--set-json", 'networkPolicy.egress=[{"ports":[{"port":6379}]}]')  # fmt: skip
    config = of_kind(text, "ConfigMap")[0]["data"]["postseal.toml"].replace("0.0.0.0:8891", f"{HOST}:{listener}")
    config = config.replace("0.0.0.0:8892", f"{HOST}:{free_port()}") + LIMIT
    rendered = postseal(text)
    group = rendered["securityContext"]["runAsGroup"]
    volumes = {
        "config": Volume(place.path / "config", {"postseal.toml": config.encode()}).folder,
        "keys": Volume(place.path / "secret", secret(pair(place, "a")), mode=0o440, group=group).folder,
        "store": Volume(place.path / "store", {"password": PASSWORD.encode()}, mode=0o440, group=group).folder,
    }
    dns = NameServer(place.folder("dns"), {"test.example": {}})  # ns.test.example is 127.0.0.1
    (place.path / "resolv.conf").write_text(f"nameserver {dns.alias}\n")
    resolver = f"--volume={place.path / 'resolv.conf'}:/etc/resolv.conf:ro"
    daemon = Container(place.folder("postseal"), rendered, volumes, QUICK, (resolver,))
    sink = Sink()
    smtpd = Listener("submission", f"inet:{HOST}:{listener}", sasl=True)
    redis.start().wait_until("its port", lambda: port_is_open(port))
    with redis, dns, daemon, sink, Postfix(place.folder("postfix"), sink.port, [smtpd]) as postfix:
        port_of_postfix = postfix.port("submission")
        codes = [submit(port_of_postfix, ALICE, [SINK], make(ALICE, SINK, str(n)), ALICE).code for n in range(5)]
        asked = [need_tool("redis-cli"), "-p", str(port), "-a", PASSWORD, "--no-auth-warning", "keys", "*"]
        kept = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert codes == [250, 250, 250, 450, 450]
    assert kept.startswith("postseal:")
