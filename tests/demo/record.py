"""Keys made by `postseal keygen`, and the records that it prints for the name server."""

import re
import subprocess
from pathlib import Path

from rig.keys import Key


def make_keys(binary: Path, folder: Path, domain: str) -> list[Key]:
    """An RSA-2048 and an Ed25519 key."""
    return [_make(binary, folder, domain, "demo-rsa", "rsa2048"), _make(binary, folder, domain, "demo-ed", "ed25519")]


def _make(binary: Path, folder: Path, domain: str, selector: str, algorithm: str) -> Key:
    command = [binary, "keygen", domain, "--selector", selector, "--algorithm", algorithm, "--dir", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"postseal keygen failed: {done.stderr or done.stdout}")
    file = folder / domain / f"{selector}.pem"
    name = "rsa-sha256" if algorithm.startswith("rsa") else algorithm + "-sha256"
    return Key(domain, selector, name, file, one_line(done.stdout))


def one_line(printed: str) -> str:
    """The record as one line of text, from the form without quotes, or put together from the zone file form."""
    if match := re.search(r"v=DKIM1;[^\"\n]*p=[A-Za-z0-9+/=]{40,}(?=\s*$)", printed, re.MULTILINE):
        return match[0]
    text = "".join(re.findall(r'"([^"]*)"', printed))
    if not text.startswith("v=DKIM1"):
        raise RuntimeError(f"no record in what postseal keygen printed:\n{printed}")
    return text
