"""DKIM keys made by openssl, and the records that publish them. Keys live for one test."""

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .place import need_tool


@dataclass(frozen=True)
class Key:
    """A private key file of a selector, and the text of its record."""

    domain: str
    selector: str
    algorithm: str  # as in a signature: rsa-sha256, ed25519-sha256
    file: Path
    record: str

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"


def openssl(*args, data: bytes | None = None) -> bytes:
    """What a command of openssl(1) prints."""
    return subprocess.run(
        [need_tool("openssl", "demo"), *map(str, args)], input=data, check=True, capture_output=True
    ).stdout


def make_key(folder: Path, domain: str, selector: str, algorithm: str = "rsa", bits: int = 2048) -> Key:
    """A new key pair; `algorithm` is rsa or ed25519."""
    file = folder / f"{domain}.{selector}.pem"
    if algorithm == "rsa":
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", file)
    else:
        openssl("genpkey", "-algorithm", "ED25519", "-out", file)
    file.chmod(0o600)
    public = openssl("pkey", "-in", file, "-pubout", "-outform", "DER")
    if algorithm == "ed25519":
        public = public[-32:]  # RFC 8463 section 4: the raw key, without the ASN.1 around it
    record = f"v=DKIM1; k={algorithm}; p={base64.b64encode(public).decode()}"
    return Key(domain, selector, f"{algorithm}-sha256", file, record)


def make_pair(folder: Path, domain: str, prefix: str = "") -> list[Key]:
    """An RSA-2048 and an Ed25519 key, selectors `rsa` and `ed` behind the prefix."""
    return [make_key(folder, domain, f"{prefix}rsa"), make_key(folder, domain, f"{prefix}ed", "ed25519")]
