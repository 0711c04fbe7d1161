#!/bin/sh
# Makes the plots of ../which-selector.md anew: sdk/plots/make.sh [BINARY]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tidegate=${1:-$here/../../target/release/tidegate}
all=$(mktemp -d)
trap 'rm -rf "$all"' EXIT
bounded='bounded={"key":{"header":"x-key"},"bounded_load":1.25}'
for workload in steady slow-node failures heterogeneous sessions hot-keys many-proxies burst; do
    "$tidegate" plugin simulate random round-robin weighted least-connections p2c peak-ewma \
        ip-hash consistent-hash bounded=consistent-hash sticky --config "$bounded" \
        --workload "$workload" --svg "$all"
done
"$tidegate" plugin simulate random round-robin least-connections p2c peak-ewma ip-hash sticky \
    --workload scale-10000 --svg "$all"
# Those that the page shows.
for plot in $(grep -o 'plots/[a-z0-9-]*\.svg' "$here/../which-selector.md" | sort -u); do
    cp "$all/${plot#plots/}" "$here/"
done
