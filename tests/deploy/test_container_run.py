"""The image under the options of the Restricted profile: it signs, is process 1, drains, and needs nothing that is not there."""

import threading
from pathlib import Path

import pytest

from chart import of_kind, postseal, render
from container import Container
from pod import QUICK, pair, published, secret, sidecar
from rig.mail import make
from rig.mta import Mta
from rig.place import free_port, wait_for
from rig.smtp import submit
from rig.verify import DkimPy, passed
from volume import Volume

pytestmark = pytest.mark.heavy

ALICE = "alice@test.example"


def standalone(place, keys, more: str = "", **how) -> tuple[Container, dict[str, int]]:
    """As the chart's mode standalone has it, with the ports of its listeners changed to free ones."""
    text = render("standalone-minimal")
    rendered = postseal(text)
    config = of_kind(text, "ConfigMap")[0]["data"]["postseal.toml"]
    ports = {}
    for port in rendered["ports"]:
        if port["name"] != "metrics":
            ports[port["name"]] = free_port()
            config = config.replace(f"0.0.0.0:{port['containerPort']}", f"127.0.0.1:{ports[port['name']]}")
    group = rendered["securityContext"]["runAsGroup"]
    volumes = {
        "config": Volume(place.path / "config", {"postseal.toml": (config + more).encode()}).folder,
        "keys": Volume(place.path / "secret", secret(keys), mode=0o440, group=group).folder,  # fsGroup does that
    }
    return Container(place.folder("postseal"), rendered, volumes, QUICK, **how), ports


def status_of(container: Container) -> dict[str, str]:
    lines = Path(f"/proc/{container.process.pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_signs_the_mail_of_a_postfix_beside_it(place, say):
    """The sidecar: other uid than Postfix, unix sockets in a shared folder, smtpd in its chroot."""
    keys = pair(place, "a")
    with sidecar(place, keys) as pod:
        assert submit(pod.submission, ALICE, ["x@dest.example"], make(ALICE, "x@dest.example", "one"), ALICE).code == 250
        pod.postfix.sendmail(ALICE, ["x@dest.example"], make(ALICE, "x@dest.example", "two"))
        verifier = DkimPy(published(keys))
        for subject in ("one", "two"):
            verdicts = verifier.check_one(pod.sink.wait_for_subject(subject).data)
            assert all(passed(verdicts, "test.example", key.algorithm) for key in keys), verdicts
        assert [pod.daemon.status(path) for path in ("livez", "readyz")] == [200, 200]
        status = status_of(pod.daemon)
        warnings = [line for line in pod.daemon.lines() if line["level"] not in ("info", "debug")]
    assert status["Uid"].split() == ["65532"] * 4 and status["Gid"].split() == ["0"] * 4
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["NSpid"].split()[-1] == "1"
    assert warnings == [] and pod.daemon.messages()
    assert pod.daemon.process.status == 0
    say(f"memory at its height: {status['VmHWM']}")


def test_finishes_what_is_in_flight(place):
    """SIGTERM to process 1: not ready, no new connections, but the message that has begun gets its signatures."""
    keys = pair(place, "a")
    daemon, ports = standalone(place, keys)
    with daemon, Mta(ports["submission"]) as mta:
        mta.negotiate()
        mta.hello()
        mta.envelope()
        stopped: list[int | None] = []
        stopper = threading.Thread(target=lambda: stopped.append(daemon.stop()))
        stopper.start()
        wait_for("draining", lambda: daemon.status("readyz") == 503)
        assert daemon.status("livez") == 200
        with pytest.raises(OSError):
            Mta(ports["submission"]).negotiate()
        mta.content([b"Hello.\r\n"])
        answer = mta.finish()
        assert [name for _, name, _ in answer.inserted()] == [b"DKIM-Signature"] * 2
        stopper.join(60)
    assert stopped == [0]


def test_needs_no_certificates(place):
    """Nothing touches the CA bundle as long as nothing needs it."""
    daemon, ports = standalone(place, pair(place, "a"), options=("--tmpfs", "/etc/ssl/certs:ro"))
    with daemon, Mta(ports["submission"]) as mta:
        mta.negotiate()
        mta.hello()
        assert len(mta.message().inserted()) == 2


def test_needs_no_network(place):
    """No resolver either."""
    daemon, _ = standalone(place, pair(place, "a"), network="none")
    daemon.process.start()
    wait_for("ready", lambda: any(line["event"] == "ready" for line in daemon.lines()))
    assert daemon.process.stop() == 0


def test_loads_again_on_hup(place):
    """Also as process 1, for which the kernel drops signals that have no handler."""
    daemon, _ = standalone(place, pair(place, "a"))
    with daemon:
        daemon.reload()
        wait_for("the reload", lambda: daemon.metrics().sum("postseal_config_reloads_total", outcome="success") == 1)


def test_says_what_is_wrong_and_ends(place):
    """A configuration with a mistake: exit code 78, and file, place, key and advice in the log."""
    daemon, _ = standalone(place, pair(place, "a"), more="\n[dkim]\nkeydir = 1\n")
    daemon.process.start()
    wait_for("the end", lambda: not daemon.process.alive())
    assert daemon.process.remove() == 78
    assert "dkim.keydir = 1: unknown key; did you mean `key_dir`?" in daemon.process.log()
