#!/bin/sh
# Runs one fuzz target: run.sh TARGET [CASES [libFuzzer options]]. Works with a stable compiler and g++: no sanitizer, but
# coverage that libFuzzer goes by. Inputs that are worth keeping land in corpus/TARGET, those that fail in
# artifacts/TARGET. Exits with 1 on a panic, or if an input takes more than 100 ms of CPU time.
set -eu

target=${1:?usage: run.sh TARGET [CASES [libFuzzer options]]}
cases=${2:-1000000}
shift "$(($# < 2 ? $# : 2))"

cd "$(dirname "$0")"
mkdir -p "corpus/$target" "artifacts/$target"

level=-sanitizer-coverage-level
cover=-sanitizer-coverage
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=$level=4 -Cllvm-args=$cover-inline-8bit-counters \
-Cllvm-args=$cover-pc-table -Ccodegen-units=1"
# Words to try: from a dictionary, or else from what the code compares, which is half of the time of a case.
if [ -f "$target.dict" ]; then
    set -- -dict="$target.dict" "$@"
else
    RUSTFLAGS="$RUSTFLAGS -Cllvm-args=$cover-trace-compares"
fi
# With a target, build scripts and macros stay without instrumentation.
triple=$(rustc -vV | sed -n 's/^host: //p')
cargo build --quiet --release --ignore-rust-version --target "$triple" --bin "$target"
binary=${CARGO_TARGET_DIR:-target}/$triple/release/$target

# Real mail to start from, where the tests have fetched it.
seeds=
mail=$PWD/../../target/e2e-cache/corpus/data
if [ "$target" = header_checks ] && [ -d "$mail" ]; then
    seeds=corpus/mail
    mkdir -p "$seeds"
    find "$mail" -name '*.txt' -exec ln -sf -t "$seeds" {} +
fi

# shellcheck disable=SC2086
exec "$binary" "corpus/$target" $seeds -runs="$cases" -artifact_prefix="artifacts/$target/" -max_len=4096 -timeout=10 \
    -rss_limit_mb=1024 -print_final_stats=1 -verbosity=1 "$@"
