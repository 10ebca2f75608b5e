#!/usr/bin/env python3
"""Writes the list of parts (SBOM, CycloneDX 1.6) of the static binary: the crates that are linked, libc, the CA bundle.

    deploy/container/sbom.py x86_64-unknown-linux-gnu > postseal.cdx.json

Only what comes into the image is in it: no build scripts, no tests, nothing of other platforms. The same sources give
the same file, byte for byte.
"""
import json
import subprocess
import sys
import tomllib


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked(target: str) -> set[tuple[str, str]]:
    """Name and version of each crate that is linked."""
    tree = run("cargo", "tree", "--locked", "--package", "postseal", "--edges", "normal,no-proc-macro",
               "--target", target, "--prefix", "none", "--format", "{p}")  # fmt: skip
    return {(words[0], words[1].removeprefix("v")) for words in map(str.split, tree.splitlines()) if words}


def crate(package: dict, checksums: dict) -> dict:
    name, version = package["name"], package["version"]
    part = {"type": "library", "bom-ref": reference(package), "name": name, "version": version}
    if licence := package["license"]:
        part["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    if checksum := checksums.get((name, version)):
        part["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        part["purl"] = reference(package)
    if package["repository"]:
        part["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return part


def reference(package: dict) -> str:
    return f"pkg:cargo/{package['name']}@{package['version']}"


def debian(name: str, source: str, licence: str, kind: str = "library") -> dict:
    """A part that comes from the Debian package of that name."""
    version = run("dpkg-query", "--show", "--showformat", "${Version}", name)
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}"
    part = {"type": kind, "bom-ref": purl, "name": source, "version": version}
    return part | {"licenses": [{"license": {"id": licence}}], "purl": purl}


def main(target: str) -> None:
    metadata = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    with open("Cargo.lock", "rb") as file:
        locked = tomllib.load(file)["package"]
    checksums = {(one["name"], one["version"]): one["checksum"] for one in locked if "checksum" in one}
    wanted = linked(target)
    packages = {p["id"]: p for p in metadata["packages"] if (p["name"], p["version"]) in wanted}
    main_package = next(p for p in packages.values() if p["name"] == "postseal")
    system = [debian("libc6-dev", "glibc", "LGPL-2.1-or-later"),
              debian("ca-certificates", "ca-certificates", "MPL-2.0", "data")]  # fmt: skip
    edges = []
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in packages:
            below = {reference(packages[dep["pkg"]]) for dep in node["deps"] if dep["pkg"] in packages
                     and any(kind["kind"] is None for kind in dep["dep_kinds"])}  # fmt: skip
            if packages[node["id"]] is main_package:
                below |= {part["bom-ref"] for part in system}
            edges.append({"ref": reference(packages[node["id"]]), "dependsOn": sorted(below)})
    others = [crate(p, checksums) for p in packages.values() if p is not main_package]
    parts = sorted(others, key=lambda part: part["bom-ref"]) + system
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
           "metadata": {"component": crate(main_package, checksums) | {"type": "application"}},
           "components": parts, "dependencies": sorted(edges, key=lambda edge: edge["ref"])}  # fmt: skip
    json.dump(bom, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
