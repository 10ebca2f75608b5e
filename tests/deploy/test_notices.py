"""The notices of the crates in the binary: as the licences of others ask, they go with it."""

import re
import subprocess

import pytest

from rig.place import ROOT

# Crates that come without a file of their licence; the list at the top names licence and authors.
WITHOUT_TEXT = {"encodify", "mail-auth", "pear"}
RULE = "=" * 100


@pytest.fixture(scope="module")
def target():
    return re.search(r"^host: (.*)$", subprocess.run(["rustc", "-vV"], capture_output=True, text=True).stdout, re.M)[1]


def made(target: str) -> str:
    command = [ROOT / "deploy/container/notices.py", target]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_each_linked_crate_is_there_with_its_licence(target):
    text = made(target)
    named = {line.split(" ")[0] for line in text.partition(RULE)[0].splitlines() if ": " in line}
    command = ["cargo", "tree", "--locked", "--package", "postseal", "--edges", "normal,no-proc-macro",
               "--target", target, "--prefix", "none", "--format", "{p}"]  # fmt: skip
    tree = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    linked = {line.split(" ")[0] for line in tree.splitlines() if line}
    assert named == linked - {"postseal", "postseal-filters", "postseal-protocol"}
    with_text = set(re.findall(r"^([\w-]+) \S+ \(\S+\)$", text, re.M))
    assert named - with_text <= WITHOUT_TEXT


def test_notices_of_the_c_library_are_there(target):
    text = made(target)
    assert re.search(r"^aws-lc-sys \S+ \(aws-lc/LICENSE\)$", text, re.M)
    assert "Redistributions in binary form must reproduce" in text
    assert text == made(target), "the same sources give the same file"


def test_the_package_and_the_image_carry_them():
    assert "THIRD-PARTY-NOTICES" in (ROOT / "deploy/debian/postseal.docs").read_text().split()
    assert "THIRD-PARTY-NOTICES" in (ROOT / "deploy/debian/copyright").read_text()
    assert "/out/THIRD-PARTY-NOTICES" in (ROOT / "deploy/container/Dockerfile").read_text()
