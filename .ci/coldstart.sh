#!/usr/bin/env bash
# How long functions take to start and what is in their programs: built as they are shipped
# (profile `dist`) and started many times, docs/OPERATIONS.md "Cold start".
# Usage: .ci/coldstart.sh [--brief] [FUNCTION...]
#   --brief    few starts of two functions: that it runs, and that programs are small enough.
#              Nothing is said about time, which is another one on each machine
# Without a function: one of each kind. All others are as one of these.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

functions=(health authorize get-wallet list-trades transfer buy place-order login match-orders)
options=(--check all)
if [ "${1-}" = --brief ]; then
    shift
    functions=(get-wallet buy)
    options=(--check sizes --starts 2 --warm 4)
fi
if [ $# -gt 0 ]; then
    functions=("$@")
fi

bins=()
for function in "${functions[@]}"; do
    bins+=(--bin "$function")
done
# Each alone, with the features of its own dependencies: as `cargo lambda build` has it.
cargo build --locked --profile dist --package hello
cargo build --locked --profile dist --package functions "${bins[@]}"
exec cargo bench --locked --package tests --bench coldstart -- "${options[@]}" "${functions[@]}"
