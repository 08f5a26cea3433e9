#!/usr/bin/env bash
# The developers' loops with cargo-lambda, as docs/DEVELOPING.md shows them, each step checked:
#   build   every function for Lambda, as `cargo lambda build --release` leaves it; for arm64 if
#           this machine has its standard library, else for x86-64
#   watch   `cargo lambda watch` on a DynamoDB of ministack's that holds the demo market: routes
#           over HTTP by the router's table, and functions by `cargo lambda invoke`
# Usage: .ci/lambda.sh [build] [watch]; both without an argument. `.ci/install.sh lambda
# ministack` first. Everything listens to this machine only, and ends with the script.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly venv=$PWD/target/ci/lambda
readonly built=target/ci/functions
readonly log=target/ci/lambda-watch.log
export PATH=$venv/bin:$PATH

# For arm64 if it can be, because that is what is deployed.
build() {
    local processor=x86-64 started=$SECONDS installed
    installed=$(rustup target list --installed 2> /dev/null || true)
    if grep --quiet '^aarch64-unknown-linux-gnu$' <<< "$installed"; then
        processor=arm64
    else
        echo "no standard library for arm64 here (rustup target add aarch64-unknown-linux-gnu)"
    fi
    echo "building every function for $processor"
    rm -rf "$built"
    cargo lambda build --locked --release --package functions --bins \
        "--$processor" --lambda-dir "$built"
    "$venv/bin/python" .ci/lambda_built.py "$processor" "$built"
    echo "built in $((SECONDS - started)) s"
    rm -rf "$built"
}

# Processes that are ended with all that they have started; what they leave, with them.
groups=()
directory=
start_group() {
    setsid "$@" &
    groups+=("$!")
}
stop() {
    local group
    for group in "${groups[@]}"; do
        kill -- "-$group" 2> /dev/null || true
        wait "$group" 2> /dev/null || true
    done
}

free_port() {
    "$venv/bin/python" -c '
import socket
with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1])'
}

# The demo market in the DynamoDB at MARKET_CONTRACT_ENDPOINT, made by the local market's start.
# It goes on running, and matches what the functions' orders leave to be matched.
seed() {
    local deadline=$((SECONDS + 60))
    start_group target/debug/market --dynamodb-endpoint "$MARKET_CONTRACT_ENDPOINT" \
        --data-dir "$directory/data" --port 0 --json --quiet > "$directory/report.json"
    until [ -s "$directory/report.json" ]; do
        if ! kill -0 "${groups[-1]}" 2> /dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            echo "the market did not start" >&2
            return 1
        fi
        sleep 0.2
    done
}

listens() {
    (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

# Waits until the emulator listens on a port.
until_listening() {
    local deadline=$((SECONDS + 60))
    until listens "$1"; do
        if ! kill -0 "${groups[-1]}" 2> /dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            return 1
        fi
        sleep 0.2
    done
}

watch() {
    local port
    directory=$(mktemp -d)
    trap 'stop; rm -rf "$directory"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    seed
    set -a
    # shellcheck source=infra/compose/functions.env
    . infra/compose/functions.env
    set +a
    export AWS_ENDPOINT_URL_DYNAMODB=$MARKET_CONTRACT_ENDPOINT
    export AWS_ENDPOINT_URL_SQS=$MARKET_CONTRACT_QUEUE_ENDPOINT
    # Nothing is behind queues here: the local market's matcher looks for itself.
    export MARKET_MATCH_QUEUE_URL='' MARKET_WEBHOOK_QUEUE_URL='' MARKET_VENUE_QUEUE_URL=''
    export MARKET_FAILURE_QUEUE_URL=''
    port=$(free_port)
    start_group cargo lambda watch --package functions --ignore-changes \
        --invoke-address 127.0.0.1 --invoke-port "$port" > "$log" 2>&1
    if ! { until_listening "$port" \
        && "$venv/bin/python" .ci/lambda_watch.py "$port" "$directory/report.json"; }; then
        echo "the last that \`cargo lambda watch\` said:" >&2
        tail -n 40 "$log" >&2
        return 1
    fi
}

if [ "${1-}" = --inner ]; then
    watch
    exit
fi
if [ $# -eq 0 ]; then
    set -- build watch
fi
for what in "$@"; do
    case $what in
        build) build ;;
        watch)
            cargo build --workspace --bin market
            .ci/with_ministack.sh .ci/lambda.sh --inner
            ;;
        *)
            echo "usage: .ci/lambda.sh [build] [watch]" >&2
            exit 2
            ;;
    esac
done
