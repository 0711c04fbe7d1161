#!/bin/sh
# Clients for the tests of protocols: curl, and gRPC and WebSocket for Python, into
# target/clients; a browser and nghttp by apt-get where they are missing. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
root="${CARGO_TARGET_DIR:-$PWD/target}/clients"

say() { echo "clients: $*" >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=""
command -v curl >/dev/null || missing="$missing curl"
command -v nghttp >/dev/null || missing="$missing nghttp2-client"
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="$missing chromium"
command -v python3 >/dev/null || missing="$missing python3 python3-venv"
if [ -n "$missing" ]; then
    if command -v apt-get >/dev/null; then
        say "installing$missing (apt-get)"
        as_root apt-get update -qq
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        say "please install:$missing"; exit 1
    fi
fi

want="grpcio==1.76.0 websockets==15.0.1"
if [ "$(cat "$root/installed" 2>/dev/null)" != "$want" ]; then
    say "installing $want into $root"
    rm -rf "$root"
    python3 -m venv "$root"
    # shellcheck disable=SC2086
    "$root/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: $want
    echo "$want" > "$root/installed"
fi
