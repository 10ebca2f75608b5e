#!/usr/bin/env python3
"""Writes the copyright notices and licences of the crates that are linked into the binary, as their licences ask.

    deploy/container/notices.py x86_64-unknown-linux-gnu > THIRD-PARTY-NOTICES

The texts come from the sources of the crates, and those of C libraries in them. A text that several crates share is there
once. The same sources give the same file, byte for byte.
"""
import json
import re
import sys
from pathlib import Path

from sbom import linked, run

# Names of files with a licence or a notice; LICENSE.md and license-mit.txt are among them.
NOTICE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)([-_.].*)?", re.I)
CODE = {".rs", ".c", ".h", ".go", ".py", ".sh", ".toml", ".json", ".cmake", ".pl", ".html"}
# Folders of a crate that are not linked, but have licences of their own.
NOT_LINKED = {"tests", "test", "benches", "examples", "fuzz", "docs", "target"}
RULE = "=" * 100


def notices(folder: Path) -> list[Path]:
    """The files of a crate with a licence or a notice, its own first."""
    found = [path for path in folder.rglob("*")
             if NOTICE.fullmatch(path.name) and path.suffix.lower() not in CODE and path.is_file()
             and not NOT_LINKED & set(path.relative_to(folder).parts[:-1])]  # fmt: skip
    return sorted(found, key=lambda path: (len(path.parts), str(path)))


def crates(target: str) -> list[dict]:
    """The crates of others that are linked, as cargo describes them."""
    metadata = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    wanted = linked(target)
    packages = [one for one in metadata["packages"] if (one["name"], one["version"]) in wanted and one["source"]]
    return sorted(packages, key=lambda one: (one["name"], one["version"]))


def main(target: str) -> None:
    texts: dict[str, list[str]] = {}
    print("The program postseal contains the following crates. Their licences follow, each with the crates that it is for.\n")
    for crate in crates(target):
        name = f"{crate['name']} {crate['version']}"
        by = f", by {', '.join(crate['authors'])}" if crate["authors"] else ""
        print(f"{name}: {crate['license']}{by}")
        folder = Path(crate["manifest_path"]).parent
        for path in notices(folder):
            text = path.read_text(errors="replace").replace("\r\n", "\n").strip("\n")
            texts.setdefault(text, []).append(f"{name} ({path.relative_to(folder)})")
    for text, names in texts.items():
        print(f"\n{RULE}\n" + "\n".join(names) + f"\n{RULE}\n\n{text}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
