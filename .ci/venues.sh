#!/usr/bin/env bash
# Orders for an external venue over HTTP: how many the local market accepts and places in a second
# beside the predecessor's blocking placement, on this machine, in this run; and how long a POST
# takes while the venue fails.
# Usage: .ci/venues.sh [OPTION...]; `.ci/venues.sh --help` lists the options
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

cargo build --locked --package tests --bench venues --profile bench
# It says its port, and ends with this script.
exec 3< <(exec python3 tests/load/venues/predecessor.py 0)
predecessor=$!
trap 'kill "$predecessor" 2> /dev/null || true' EXIT
read -r port <&3
cargo bench --locked --package tests --bench venues -- --predecessor "127.0.0.1:$port" "$@"
