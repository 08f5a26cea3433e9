#!/usr/bin/env bash
# Runs a command while ministack answers on a free port of this machine, and ends it after.
# The command finds the address in MARKET_CONTRACT_ENDPOINT (DynamoDB) and
# MARKET_CONTRACT_QUEUE_ENDPOINT (SQS).
# Usage: .ci/with_ministack.sh COMMAND...
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly venv=$PWD/target/ci/ministack
readonly log=target/ci/ministack.log
# A port can be taken between finding it free and listening on it.
readonly starts_max=5
readonly wait_seconds=30
server=

stop() {
    if [ -n "$server" ]; then
        kill "$server" 2> /dev/null || true
        wait "$server" 2> /dev/null || true
        server=
    fi
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
    "$venv/bin/python" -c '
import socket
with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1])'
}

# Whether the server, still running, says that it is healthy.
healthy() {
    kill -0 "$server" 2> /dev/null && "$venv/bin/python" -c '
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    opener.open(sys.argv[1] + "/_ministack/health", timeout=2).read()
except OSError:
    sys.exit(1)' "$1"
}

# Starts the server and sets MARKET_CONTRACT_ENDPOINT; false if it ended or did not answer.
start() {
    local port deadline
    port=$(free_port)
    MARKET_CONTRACT_ENDPOINT=http://127.0.0.1:$port
    # It keeps nothing, and it listens to this machine only.
    GATEWAY_PORT=$port BIND_HOST=127.0.0.1 SERVICES=dynamodb,dynamodbstreams,sqs LOG_LEVEL=WARNING \
        "$venv/bin/ministack" > "$log" 2>&1 &
    server=$!
    deadline=$((SECONDS + wait_seconds))
    until healthy "$MARKET_CONTRACT_ENDPOINT"; do
        if ! kill -0 "$server" 2> /dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            stop
            return 1
        fi
        sleep 0.2
    done
    echo "ministack answers at $MARKET_CONTRACT_ENDPOINT"
}

mkdir -p target/ci
for ((attempt = 1; attempt <= starts_max; attempt++)); do
    if start; then
        export MARKET_CONTRACT_ENDPOINT MARKET_CONTRACT_QUEUE_ENDPOINT=$MARKET_CONTRACT_ENDPOINT
        "$@"
        exit
    fi
done
echo "ministack did not start:" >&2
tail -n 20 "$log" >&2
exit 1
