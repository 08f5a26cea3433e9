#!/usr/bin/env bash
# Deploys the market, as template.yaml and the stacks describe it, to an emulator on this machine,
# and drives it over HTTP from sign-up to an audited trade: the functions' own binaries behind
# Lambda's Runtime API, routes, authorizer, queue and streams as the stacks connect them, and
# roles with the permissions that the stacks give them. What the emulator refused is listed in
# target/ci/end-to-end.md, what it said is in target/ci/end-to-end.log.
# Usage: .ci/end_to_end.sh; `.ci/install.sh ministack sam` first. Everything listens to this
# machine only, and ends with the script. Takes up to four minutes, most of them for the audit's
# cut to come past the trade.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly python=target/ci/sam/bin/python
# Python's own caches are no part of the tree.
export PYTHONDONTWRITEBYTECODE=1

binaries=(--bin market-ops)
for stem in $("$python" .ci/end_to_end/run.py --programs); do
    binaries+=(--bin "$stem")
done
cargo build --workspace "${binaries[@]}"
exec "$python" .ci/end_to_end/run.py target/ci/end-to-end.md
