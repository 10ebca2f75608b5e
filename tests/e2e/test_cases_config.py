"""Configurations and key files from public bug reports: what `postseal check-config` says about them."""

import base64
import subprocess
from pathlib import Path

import pytest

from rig import mail
from rig.explain import explain
from rig.keys import Key, make_key, openssl
from rig.postseal import binary

LISTENER = '[[listener]]\nname = "submission"\naddress = "inet:127.0.0.1:18891"\nrole = "submission"\n[admin]\naddress = "none"\n'


@pytest.fixture
def folder(tmp_path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


def check(folder: Path, text: str) -> tuple[int, str]:
    file = folder / "postseal.toml"
    file.write_text(LISTENER + text)
    run = subprocess.run([binary(), "check-config", "--config", file], capture_output=True, check=False, text=True)
    return run.returncode, run.stdout + run.stderr


def key_at(folder: Path, name: str, domain: str = "example.com") -> Key:
    key = make_key(folder, domain, "made")
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    key.file.rename(file)
    return Key(domain, Path(name).stem, key.algorithm, file, key.record)


def test_an_address_with_a_wildcard_is_refused(folder):
    key_at(folder, "s1.pem")
    text = '[[dkim.domain]]\naddress = "*@example.com"\nsigning_domain = "example.com"\nkeys = [{ selector = "s1", file = "s1.pem" }]\n'
    status, said = check(folder, text)
    assert status != 0 and 'domain = "example.com"' in said


@pytest.mark.parametrize("selector", ["mail._domainkey", "mail._domainkey.example.com"])
def test_a_selector_with_domainkey_is_refused(selector, folder):
    key_at(folder, "mail.pem")
    text = f'[[dkim.domain]]\ndomain = "example.com"\nkeys = [{{ selector = "{selector}", file = "mail.pem" }}]\n'
    status, said = check(folder, text)
    assert status != 0 and '`mail`' in said


def test_key_files_that_are_not_used_are_named(folder):
    names = [
        "example.com/mail.private",
        "example.com.dkim.key",
        "example.org.pem",
        "example.net/s1.PEM",
        "example.net/s2.key",
        "not a domain/s3.pem",
    ]
    for name in names:
        key_at(folder, f"keys/{name}")
    status, said = check(folder, '[dkim]\nkey_dir = "keys"\n')
    assert not [name for name in names if name not in said], said
    assert "example.com/mail.pem" in said and "example.net/s1.pem" in said and status == 0


def test_a_key_directory_without_a_key_is_told(folder):
    (folder / "keys").mkdir()
    _, said = check(folder, '[dkim]\nkey_dir = "keys"\n')
    assert "keys" in said and "no key" in said.lower()


def test_a_raw_ed25519_key_is_taken(folder):
    """32 octets in base64, as dknewkey of dkimpy writes them."""
    der = openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER")
    file = folder / "keys/example.com/ed1.pem"
    file.parent.mkdir(parents=True)
    file.write_bytes(base64.b64encode(der[-32:]) + b"\n")
    file.chmod(0o600)
    status, said = check(folder, '[dkim]\nkey_dir = "keys"\n')
    assert status == 0 and "ed25519" in said.lower() and "warning" not in said


def test_one_key_signs_for_many_domains(folder):
    key_at(folder, "mail.pem")
    text = '[[dkim.domain]]\ndomain = "*"\nkeys = [{ selector = "mail", file = "mail.pem" }]\n'
    status, said = check(folder, text)
    assert status == 0, said
    assert signed(folder, "one.example") == [("one.example", "mail")]
    assert signed(folder, "two.example") == [("two.example", "mail")]


def test_two_domains_sign_one_message(folder):
    key_at(folder, "c1.pem")
    key_at(folder, "e1.pem")
    text = """
[[dkim.domain]]
domain = "customer.example"
keys = [{ selector = "c1", file = "c1.pem" }]
[[dkim.domain]]
domain = "customer.example"
signing_domain = "esp.example"
keys = [{ selector = "e1", file = "e1.pem" }]
"""
    status, said = check(folder, text)
    assert status == 0, said
    assert set(signed(folder, "customer.example")) == {("customer.example", "c1"), ("esp.example", "e1")}


def signed(folder: Path, domain: str) -> list[tuple[str, str]]:
    """Domain and selector of each signature of a message from that domain."""
    file = folder / "mail.eml"
    file.write_bytes(mail.make(f"a@{domain}", "b@dest.example", "hello"))
    told = explain(folder / "postseal.toml", file, "--auth", f"a@{domain}", "--from", f"a@{domain}")
    return [(one["domain"], one["selector"]) for one in told.line["signatures"]]
