#!/bin/sh
# Installs what the build needs and what is not there yet. Safe to run again: it does
# nothing, silently, when everything is there.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

command -v cargo >/dev/null || { say "Rust is missing: install it with rustup, from https://rustup.rs"; exit 1; }

# Pingora compresses with zlib-ng, whose build needs cmake and a C compiler.
if ! command -v cmake >/dev/null || ! command -v cc >/dev/null || ! command -v make >/dev/null; then
    if command -v apt-get >/dev/null; then
        say "installing cmake and a C compiler (apt-get)"
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq cmake gcc g++ make libc6-dev >/dev/null
    else
        say "please install cmake, make and a C compiler, then run this again"; exit 1
    fi
fi

# The toolchain and the target that rust-toolchain.toml names.
if command -v rustup >/dev/null; then
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    rustup toolchain list | grep -q "^$channel" || { say "installing Rust $channel"; rustup toolchain install "$channel" --profile minimal -c rustfmt -c clippy; }
    rustup target list --installed --toolchain "$channel" | grep -qx wasm32-wasip2 || { say "installing the target wasm32-wasip2"; rustup target add wasm32-wasip2 --toolchain "$channel"; }
    rustup component list --installed --toolchain "$channel" | grep -q '^clippy' || rustup component add rustfmt clippy --toolchain "$channel"
else
    say "rustup is missing; the wasm32-wasip2 target must be there already"
fi
