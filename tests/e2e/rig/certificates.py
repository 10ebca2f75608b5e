"""A certificate authority for one test: a certificate for the MTA, and some for its clients."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from .keys import openssl

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate and its key."""

    name: str
    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a client that shows this certificate, and trusts any server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self.file, self.key)
        return context

    def fingerprint(self, digest: str) -> str:
        """As `AA:BB:..`."""
        text = openssl("x509", "-in", self.file, "-noout", "-fingerprint", f"-{digest}").decode()
        return text.strip().partition("=")[2]


class Authority:
    """Certificates that are signed by it, and such as only look like it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.own = self.self_signed("authority", file="ca")

    def certificate(self, name: str) -> Certificate:
        signed = self._files(name, name)
        signer = ("-CA", self.own.file, "-CAkey", self.own.key)
        return self._make(signed, *signer)

    def self_signed(self, name: str, file: str = "") -> Certificate:
        return self._make(self._files(name, file or f"{name}.self"))

    def _files(self, name: str, file: str) -> Certificate:
        return Certificate(name, self.folder / f"{file}.pem", self.folder / f"{file}.key")

    def _make(self, one: Certificate, *signer) -> Certificate:
        openssl("req", "-x509", *EC, "-subj", f"/CN={one.name}", "-keyout", one.key, "-out", one.file, *signer)
        one.key.chmod(0o600)
        return one
