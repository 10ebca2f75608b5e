"""What can be said of units, package and hookups without starting anything: tools of their own accept them, and what is
said in two places is the same in both."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from host import blocks
from rig.place import ROOT, need_tool
from rig.postseal import binary

UNITS = ROOT / "deploy/systemd"
POSTFIX = ROOT / "deploy/postfix"
SECONDS = {"ms": 0.001, "s": 1, "m": 60}


def unit(name: str) -> dict[str, list[str]]:
    settings: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.M):
        settings.setdefault(key, []).append(value)
    return settings


def seconds(text: str) -> float:
    number, of = re.fullmatch(r"(\d+)(\w+)", text).groups()
    return float(number) * SECONDS[of]


def default(section: str, key: str) -> str:
    """A default that deploy/postseal.toml shows; another test keeps it true."""
    text = (ROOT / "deploy/postseal.toml").read_text().split(f"\n[{section}]\n")[1]
    return re.search(rf'^#{key} = "(.*)"', text, re.M)[1]


def test_systemd_takes_the_units_without_a_word(place):
    for name in ("postseal.service", "postseal.socket"):
        # Only the program is not there before it is installed.
        text = (UNITS / name).read_text().replace("/usr/bin/postseal", "/bin/true")
        (place.path / name).write_text(text)
    command = [need_tool("systemd-analyze"), "verify", "--man=no", "./postseal.service", "./postseal.socket"]
    done = subprocess.run(command, cwd=place.path, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_sandbox_is_as_tight_as_the_readme_says():
    command = [need_tool("systemd-analyze"), "security", "--offline=true", "--no-pager", UNITS / "postseal.service"]
    done = subprocess.run(command, capture_output=True, text=True)
    score = re.search(r"exposure level for postseal.service: ([\d.]+)", done.stdout)[1]
    assert float(score) <= 1.5
    assert f"`systemd-analyze security postseal` says {score} " in (UNITS / "README.md").read_text()


def test_the_service_has_the_time_that_it_takes():
    drain = seconds(default("limits", "drain_timeout")) + seconds(default("limits", "drain_idle"))
    assert seconds(unit("postseal.service")["TimeoutStopSec"][0]) > drain
    assert drain < 30, "new connections wait in the socket as long as Postfix lets them (milter_connect_timeout)"
    files, connections = (int(unit("postseal.service")["LimitNOFILE"][0]), 1000)
    assert files > 2 * connections


def test_sockets_of_the_unit_are_those_of_the_package():
    packaged = tomllib.loads((ROOT / "deploy/debian/postseal.toml").read_text())
    addresses = [one["address"].removeprefix("inet:") for one in packaged["listener"]]
    assert unit("postseal.socket")["ListenStream"] == addresses


@pytest.mark.parametrize("folder", [one.name for one in POSTFIX.iterdir() if (one / "socket.conf").exists()])
def test_sockets_of_a_hookup_are_those_of_its_configuration(folder):
    """And those that Postfix is told."""
    listeners = tomllib.loads((POSTFIX / folder / "postseal.toml").read_text())["listener"]
    ours = {one["address"].removeprefix("inet:").removeprefix("unix:") for one in listeners}
    conf = (POSTFIX / folder / "socket.conf").read_text()
    assert conf.startswith("# /etc/systemd/system/postseal.socket.d/")
    held = set(re.findall(r"^ListenStream=(\S+)$", conf, re.M))
    if "\nListenStream=\n" not in conf:
        held |= set(unit("postseal.socket")["ListenStream"])
    assert held == ours
    told = "".join((POSTFIX / folder / name).read_text() for name in ("main.cf", "master.cf") if (POSTFIX / folder / name).exists())
    asked = set(re.findall(r"milters ?= ?(?:inet|unix):(\S+)", told))
    assert asked == {one.removeprefix("/var/spool/postfix/") for one in ours}


@pytest.mark.parametrize("file", [*POSTFIX.glob("*/postseal.toml"), ROOT / "deploy/debian/postseal.toml"], ids=str)
def test_configurations_load(file, place):
    """Keys are where the package has them, which is not here; everything else must be right."""
    place.folder("keys")
    copy = place.path / "postseal.toml"
    copy.write_text(file.read_text())
    done = subprocess.run([binary(), "check-config", "--quiet", "--config", copy], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "warning" not in done.stderr or "key" in done.stderr, done.stderr


@pytest.mark.parametrize("file", [*POSTFIX.glob("*/main.cf")], ids=str)
def test_postfix_knows_the_settings(file, place):
    (place.path / "main.cf").write_text("compatibility_level = 3.6\n" + file.read_text())
    master = file.with_name("master.cf")
    (place.path / "master.cf").write_text(master.read_text() if master.exists() else "")
    os.utime(place.path / "main.cf", (0, 0))  # Postfix waits while the file is younger than two seconds
    done = subprocess.run([need_tool("postconf", "demo"), "-c", place.path, "-n"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "milter_default_action = tempfail" in done.stdout
    assert "disable_mime_output_conversion = yes" in done.stdout


def test_the_ten_minutes_set_what_the_file_says():
    commands = dict(re.findall(r"(\w+)=(\S+)", blocks(POSTFIX / "README.md", "sh")[3]))
    file = dict(re.findall(r"^(\w+) = (.*)$", (POSTFIX / "one-machine/main.cf").read_text(), re.M))
    assert commands == file
    readme = dict(re.findall(r"^(\w+) = (\S+)$", "\n".join(blocks(ROOT / "README.md", "ini")), re.M))
    assert readme == file


def test_the_readme_shows_what_the_package_installs():
    shown = tomllib.loads(blocks(ROOT / "README.md", "toml")[0])
    packaged = tomllib.loads((ROOT / "deploy/debian/postseal.toml").read_text())
    assert shown == {key: packaged[key] for key in shown} and {"listener", "dkim"} <= shown.keys()


def test_links_lead_somewhere():
    ours = [page for folder in ("postfix", "sendmail", "systemd") for page in (ROOT / "deploy" / folder).glob("*.md")]
    for page in [*ours, ROOT / "README.md"]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_the_manual_pages_of_the_unit_are_packaged():
    pages = {Path(line).name for line in (ROOT / "deploy/debian/postseal.manpages").read_text().split()}
    named = re.findall(r"man:(\S+)\((\d)\)", (UNITS / "postseal.service").read_text())
    assert {f"{name}.{section}" for name, section in named} == pages
