#!/usr/bin/env bash
# Runs a command while a market in memory answers on a free port, and ends it after. The
# command finds the address in MARKET_URL and a demo user's access token in MARKET_TOKEN.
# Usage: .ci/with_market.sh COMMAND...
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly report=target/ci/market.json
readonly log=target/ci/market.log
readonly wait_seconds=30

mkdir -p target/ci
cargo build --workspace --bin market
target/debug/market --memory --port 0 --json --quiet > "$report" 2> "$log" &
server=$!
trap 'kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

deadline=$((SECONDS + wait_seconds))
until [ -s "$report" ]; do
    if ! kill -0 "$server" 2> /dev/null || [ "$SECONDS" -ge "$deadline" ]; then
        echo "the market did not start:" >&2
        tail -n 20 "$log" >&2
        exit 1
    fi
    sleep 0.1
done

MARKET_URL=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["url"])' "$report")
MARKET_TOKEN=$(python3 -c '
import json, sys, urllib.request
url, user = sys.argv[1], json.load(open(sys.argv[2]))["users"][0]
body = json.dumps({"username": user["username"], "password": user["password"]}).encode()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(json.load(opener.open(url + "/api/v1/auth/login", body, timeout=10))["access_token"])
' "$MARKET_URL" "$report")
export MARKET_URL MARKET_TOKEN
echo "a market answers at $MARKET_URL"
"$@"
