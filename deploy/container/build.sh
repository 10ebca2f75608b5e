#!/bin/bash
# Everything that goes into the image, put into a folder: the static binary, the CA bundle, the list of parts (SBOM),
# the notices of the crates in the binary.
#
#   deploy/container/build.sh FOLDER
#
# The Dockerfile runs it in its build stage, `make image` on this machine; so what is tested here is what Docker builds.
set -euo pipefail

[ $# -eq 1 ] || { sed -n '4s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 64; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The target must be named: otherwise the flags would also reach procedural macros, which can't be static.
target=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-C target-feature=+crt-static"
export CARGO_PROFILE_RELEASE_STRIP=symbols
# mail-parser declares a newer Rust than it needs.
cargo build --release --locked --ignore-rust-version --quiet --target "$target"

install -m 755 "${CARGO_TARGET_DIR:-target}/$target/release/postseal" "$out/postseal"
install -m 644 /etc/ssl/certs/ca-certificates.crt "$out/ca-certificates.crt"
python3 deploy/container/sbom.py "$target" >"$out/postseal.cdx.json"
python3 deploy/container/notices.py "$target" >"$out/THIRD-PARTY-NOTICES"
chmod 644 "$out/postseal.cdx.json" "$out/THIRD-PARTY-NOTICES"
