#!/usr/bin/python3
"""Checks the dependency tree: cargo deny, arrows between the crates, and a reason for each direct dependency.

`cargo deny` judges licences, sources and versions by deny.toml. It judges known vulnerabilities too if the database of
advisories can be had; if not, this says so and goes on.
"""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("POSTSEAL_E2E_CACHE", ROOT / "target/e2e-cache"))
DENY = CACHE / "kubernetes/cargo-deny/bin/cargo-deny"
REASONS = ROOT / "docs/dependencies.md"
# Crate of the workspace -> what it must not depend on directly.
FORBIDDEN = {
    "postseal-protocol": {"tokio", "figment", "prometheus", "tracing", "postseal-filters", "postseal"},
    "postseal-filters": {"tokio", "figment", "prometheus", "tracing", "postseal"},
}


def deny(*arguments, patience=None):
    command = [DENY if DENY.exists() else shutil.which("cargo-deny") or "cargo-deny", "--locked", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patience)


def database_fetched():
    try:
        return deny("fetch", "db", patience=60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def judged():
    """What cargo deny refuses, as text, and what has been checked."""
    checks = ["licenses", "sources", "bans"]
    if fetched := database_fetched():
        checks.append("advisories")
    done = deny("check", *checks)
    said = f"cargo deny: {', '.join(checks)}"
    return [] if done.returncode == 0 else [done.stderr], said if fetched else f"{said}; advisories not: no database to be had"


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--no-deps"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    wrong, said = judged()
    direct = set()
    for package in metadata["packages"]:
        names = {dependency["name"] for dependency in package["dependencies"] if dependency["kind"] is None}
        for name in sorted(names & FORBIDDEN.get(package["name"], set())):
            wrong.append(f"{package['name']} must not depend on {name}")
        direct |= {dependency["name"] for dependency in package["dependencies"]}
    listed = re.findall(r"^\| ([\w-]+) \| .", REASONS.read_text(), re.M)
    listed = [name for name in listed if name != "crate"]
    wrong += [f"{REASONS.name} has no reason for {name}" for name in sorted(direct - set(listed))]
    wrong += [f"{REASONS.name} has a line for {name}, which is no direct dependency" for name in sorted(set(listed) - direct)]
    wrong += [f"{REASONS.name} has two lines for {name}" for name in sorted({name for name in listed if listed.count(name) > 1})]
    print("\n".join(wrong) or f"{said}; {len(direct)} direct dependencies, each with a reason")
    sys.exit(bool(wrong))


main()
