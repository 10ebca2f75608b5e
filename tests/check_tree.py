#!/usr/bin/python3
"""Checks the dependency tree: licences that may be shipped, arrows between the crates, one copy of the cryptography."""
import json
import re
import subprocess
import sys

ALLOWED = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
           "CDLA-Permissive-2.0", "ISC", "MIT-0", "OpenSSL", "Unicode-3.0", "Unlicense", "Zlib", "0BSD"}
# Crate of the workspace -> what it must not depend on directly.
FORBIDDEN = {
    "postseal-protocol": {"tokio", "figment", "prometheus", "tracing", "postseal-filters", "postseal"},
    "postseal-filters": {"tokio", "figment", "prometheus", "tracing", "postseal"},
}
ONCE = {"aws-lc-sys", "aws-lc-rs", "mail-parser"}


def allowed(expression):
    """SPDX expressions as crates use them: OR and AND with parentheses; the old slash means OR."""
    tokens = re.findall(r"\(|\)|[^()\s]+", expression.replace("/", " OR "))
    text = []
    for token in tokens:
        text.append({"OR": " or ", "AND": " and ", "(": "(", ")": ")"}.get(token, token))
    expression = "".join(text).replace("WITHLLVM-exception", " WITH LLVM-exception")
    names = re.split(r"( or | and |\(|\))", expression)
    verdict = "".join(part if part in (" or ", " and ", "(", ")", "") else str(part in ALLOWED) for part in names)
    return eval(verdict)  # only True, False, and, or, parentheses


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    wrong = []
    names = [package["name"] for package in metadata["packages"]]
    for package in metadata["packages"]:
        if package["source"] and not allowed(package["license"] or "none"):
            wrong.append(f"{package['name']} {package['version']}: licence {package['license']} is not on the list")
        direct = {dep["name"] for dep in package["dependencies"] if dep["kind"] is None}
        for name in sorted(direct & FORBIDDEN.get(package["name"], set())):
            wrong.append(f"{package['name']} must not depend on {name}")
    wrong += [f"{name} is in the tree {names.count(name)} times" for name in sorted(ONCE) if names.count(name) > 1]
    print("\n".join(wrong) or f"{len(names)} packages: licences and arrows are fine")
    sys.exit(bool(wrong))


main()
