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
build() { # name, further arguments
    name=$1; shift
    cargo build --release --workspace --bin tidegate "$@"
    cp target/release/tidegate "$bin/$name.new" && mv "$bin/$name.new" "$bin/$name"
}
cargo build --quiet --profile plugin --package bench-filter --package bench-selector \
    --target wasm32-wasip2 --target-dir target/plugins
cp target/plugins/wasm32-wasip2/plugin/bench_*.wasm "$bin/"
# The usual one last: it is what stays in the target directory.
build tidegate-native --features tidegate/native-baseline
build tidegate
