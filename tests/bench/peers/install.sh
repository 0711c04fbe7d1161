#!/bin/sh
# Makes this project a target of a copy of the side-by-side harness, and builds the two
# binaries that are compared. Usage: install.sh DIRECTORY-OF-THE-COPY
set -eu
copy=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
bin=${BENCH_BIN:-${BENCH_WORK:-$HOME/.cache/tidegate-bench}/bin}
mkdir -p "$bin"
cp "$here"/*.toml "$copy/targets/"
cp "$here"/*.tmpl "$copy/configs/"
cd "$here/../../.."
# The feature last, so that the usual binary is what is left in the target directory
# only until the next build: both are copied away at once.
cargo build --release --workspace --bins
cp target/release/tidegate "$bin/tidegate"
cargo build --release --workspace --bins --features tidegate/native-baseline
cp target/release/tidegate "$bin/tidegate-native"
cargo build --release --workspace --bins
