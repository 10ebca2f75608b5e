"""What is in the image, and what it says of itself."""

import json
import os
import re
import subprocess
import tarfile
import tomllib

import pytest

from chart import tool
from container import WORK, image, podman
from rig.place import ROOT, need_tool

pytestmark = pytest.mark.heavy

FILES = {
    "usr/bin/postseal", "etc/ssl/certs/ca-certificates.crt", "usr/share/sbom/postseal.cdx.json",
    "usr/share/doc/postseal/LICENSE-MIT", "usr/share/doc/postseal/LICENSE-APACHE",
    "usr/share/doc/postseal/THIRD-PARTY-NOTICES",
}  # fmt: skip
LARGEST = 15 << 20
VALIDATOR = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()) or "valid")
"""


@pytest.fixture(scope="module")
def layers():
    """The image as an OCI layout: its configuration, and what is in its layers."""
    folder = WORK / "oci"

    def blob(digest: str):
        return folder / "blobs" / digest.replace(":", "/")

    index = json.loads((folder / "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
    members = {}
    for layer in manifest["layers"]:
        with tarfile.open(blob(layer["digest"])) as archive:
            members |= {member.name.lstrip("/"): member for member in archive}
    return json.loads(blob(manifest["config"]["digest"]).read_text()), members


def test_size_and_files(layers, say):
    """Nothing but these: no shell, no library, no user database."""
    _, members = layers
    files = {name: member for name, member in members.items() if member.isfile()}
    size = sum(member.size for member in files.values())
    say(f"image: {size / (1 << 20):.1f} MiB in {len(files)} files")
    assert files.keys() == FILES
    assert size < LARGEST
    assert not [name for name, member in members.items() if member.issym() or member.isdev()]
    assert not [name for name, member in members.items() if member.mode & 0o6022], "set-uid, or others may write"


def test_configuration(layers):
    config = layers[0]["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["/usr/bin/postseal"] and config["Cmd"] == ["run"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    assert labels["version"] == package["version"]
    assert labels["licenses"] == package["license"]
    assert re.fullmatch("[0-9a-f]{40}", labels["revision"])
    assert labels["title"] == "postseal" and labels["description"]


def test_binary_is_static():
    done = subprocess.run([need_tool("readelf"), "-lW", WORK / "out" / "postseal"], capture_output=True, text=True)
    assert "INTERP" not in done.stdout and "Entry point" in done.stdout


def test_list_of_parts(layers):
    """Valid, and the crates in it are those that Cargo links."""
    text = (WORK / "out" / "postseal.cdx.json").read_text()
    command = ["/usr/bin/python3", "-c", VALIDATOR]
    environment = os.environ | {"PYTHONPATH": str(tool("sbom", "deploy"))}
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True)
    assert done.stdout == "valid\n", done.stdout + done.stderr
    parts = json.loads(text)
    names = {one["name"] for one in parts["components"]}
    assert {"tokio", "aws-lc-sys", "mail-auth", "postseal-filters", "glibc", "ca-certificates"} <= names
    assert not names & {"proptest", "tempfile", "serde_derive", "postseal-bench"}, "tests and macros are not linked"
    known = {one["bom-ref"] for one in parts["components"]} | {parts["metadata"]["component"]["bom-ref"]}
    assert {ref for edge in parts["dependencies"] for ref in [edge["ref"], *edge["dependsOn"]]} <= known
    assert all("licenses" in one for one in parts["components"])
    assert layers[1]["usr/share/sbom/postseal.cdx.json"].size == len(text.encode())


def test_the_build_stage_does_what_was_done_here():
    """Docker can't be run here: its build stage is a package list and the script that `make image` has run."""
    dockerfile = (ROOT / "deploy" / "container" / "Dockerfile").read_text()
    stage = dockerfile.partition("AS build")[2].partition("FROM scratch")[0]
    assert re.findall(r"^RUN (\S+)", stage, re.M) == ["apt-get", "deploy/container/build.sh"]
    assert "deploy/container/build.sh" in (ROOT / "deploy" / "container" / "image.sh").read_text()
    copied = re.findall(r"--from=build (/out/\S+)", dockerfile)
    assert {name.removeprefix("/out/") for name in copied} == {file.name for file in (WORK / "out").iterdir()}


def test_commands_of_the_image(place):
    """What needs no service: a key is made in a mounted folder, by whoever runs the container."""
    folder = place.folder("keys")
    os.chown(folder, 65532, 65532)
    done = podman("run", "--rm", "--network", "none", "--read-only", "--cap-drop", "all", "--ulimit", "nofile=1024:1024",
                  "--ulimit", "nproc=1024:1024", "--volume", f"{folder}:/keys", image(),
                  "keygen", "example.com", "--selector", "s1", "--dir", "/keys")  # fmt: skip
    assert "s1._domainkey" in done.stdout and "v=DKIM1" in done.stdout
    assert (folder / "example.com" / "s1.pem").stat().st_mode & 0o777 == 0o600
