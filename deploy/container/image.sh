#!/bin/bash
# Builds the image of deploy/container/Dockerfile with buildah, without Docker, root file systems or a registry: what the
# build stage does is done on this machine, with the files that Docker would send to it.
#
#   deploy/container/image.sh     localhost/postseal:VERSION in target/image/store, and as an OCI layout in target/image/oci
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
work=$root/target/image
store=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)
version=$(sed -n 's/^ARG VERSION=//p' deploy/container/Dockerfile)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
image=localhost/postseal:$version

rm -rf "$work/context" "$work/oci" && mkdir -p "$work/context"
mapfile -t patterns < <(sed -n 's/^!//p' deploy/container/Dockerfile.dockerignore)
# shellcheck disable=SC2048,SC2086  # patterns are patterns
tar -cf - ${patterns[*]} | tar -xf - -C "$work/context"

CARGO_TARGET_DIR=$root/target "$work/context/deploy/container/build.sh" "$work/out"
# In place of the stage `build`: a folder of that name, with the same paths in it.
mkdir -p "$work/stage" && rm -rf "$work/stage/out" && cp -a "$work/out" "$work/stage/out"
buildah "${store[@]}" bud --quiet --isolation chroot --build-context "build=$work/stage" --target runtime \
  --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --timestamp "$(git log -1 --format=%ct 2>/dev/null || echo 0)" \
  --tag "$image" --file "$work/context/deploy/container/Dockerfile" "$work/context" >"$work/id"
buildah "${store[@]}" push --quiet "$image" "oci:$work/oci:$version" 2>"$work/push.log" || { cat "$work/push.log" >&2; exit 1; }
echo "$image: $(stat -c %s "$work/out/postseal") bytes the binary, $(du -sb "$work/oci" | cut -f1) compressed"
