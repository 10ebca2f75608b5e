"""The dialogues in tests/miltertest/*.lua, each driven by miltertest against the daemon.

A script may begin with a line `-- dkim: KEY = VALUE`, a setting of the [dkim] section that it wants.
"""

import json
import re
import subprocess

import pytest

from conftest import DOMAIN
from rig.place import HOST, ROOT, need_tool
from rig.postseal import Postseal
from rig.postseal_config import Config, Milter, domain

FOLDER = ROOT / "tests" / "miltertest"
SCRIPTS = sorted(file for file in FOLDER.glob("*.lua") if file.name != "run.lua")


@pytest.fixture(scope="module")
def daemon_for(place, keys):
    """A daemon for each different setting; they live until the file is done."""
    running: dict[str, Postseal] = {}

    def start(setting: dict[str, object]) -> Postseal:
        name = "-".join(map(str, setting.values())) or "plain"
        if name not in running:
            networks = {"authenticated": True, "networks": ["127.0.0.0/8", "::1/128"]}
            ed25519 = [key for key in keys if key.algorithm == "ed25519-sha256"]
            config = Config([Milter("submission")], [domain(DOMAIN, ed25519)], dkim=setting, origin=networks)
            running[name] = Postseal(place.folder(name), config).start()
        return running[name]

    yield start
    for daemon in running.values():
        daemon.stop()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: file.stem)
def test_dialogue(script, daemon_for):
    daemon = daemon_for(
        {key: json.loads(value) for key, value in re.findall(r"(?m)^-- dkim: (\w+) = (.+)$", script.read_text())}
    )
    socket = f"inet:{daemon.config.milters[0].port}@{HOST}"
    command = [need_tool("miltertest"), "-D", f"socket={socket}", "-D", f"script={script}", "-s", "run.lua"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    assert daemon.process.alive()
