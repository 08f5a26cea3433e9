# Short names for what one does here. None of it needs `just`: each line works by itself.

# Shows these names.
default:
    @just --list

# The whole market on this machine: no account, no Docker.
run *options:
    cargo run -- {{ options }}

# Formats the code.
format:
    cargo fmt --all

# Checks that it is formatted.
fmt:
    .ci/run fmt

# No warning, in any target and feature.
clippy:
    .ci/run clippy

# The tests that need nothing besides Rust.
test:
    .ci/run test

# Installs what `valkey`, `contract` and `openapi` need.
install:
    .ci/run install

# The cache against a real Valkey or Redis server.
valkey:
    .ci/run valkey

# The store's contract on a second DynamoDB engine, the doorbell on an SQS.
contract:
    .ci/run contract

# Every function's binary, built and invoked.
binaries:
    .ci/run binaries

# The served API against its own document.
openapi:
    .ci/run openapi

# The whole market in virtual time while everything fails, as in `just simulate --seed 7 --shrink`;
# docs/RELIABILITY.md.
simulate *arguments:
    cargo run --release --package simulation -- {{ arguments }}

# The book against the naive one, a million commands; its benchmark, briefly.
book:
    .ci/run book

# Looks for bytes that break a promise of a target, as in `just fuzz rows`; docs/DEVELOPING.md.
fuzz target seconds="300":
    cargo +nightly fuzz run -s none --fuzz-dir tests/fuzz/cargo-fuzz --target-dir target/fuzz \
        {{ target }} tests/fuzz/corpus/{{ target }} -- -max_total_time={{ seconds }}

# What is depended on: licences, what is banned, where it is from, what is unused.
dependencies:
    .ci/install.sh deny machete
    .ci/dependencies.sh

# Whether the tests notice when money, rates, the ledger, the book or authentication change.
mutants *files:
    .ci/install.sh mutants
    .ci/mutants.sh {{ files }}

# What Docker and GitHub read: the compose file, Dockerfiles, workflows.
schemas:
    .ci/run schemas

# The loops with cargo-lambda: every function built for Lambda, some of them served and invoked.
lambda:
    .ci/run lambda

# Functions as one changes them, behind their routes on port 9000, on the emulators' stores.
watch:
    set -a; . infra/compose/functions.env; \
        PATH=$PWD/target/ci/lambda/bin:$PATH \
        cargo lambda watch --package functions --invoke-address 127.0.0.1

# Orders a second end to end, and what they cost.
bench *options:
    cargo bench -p tests --bench orders -- {{ options }}

# All that must hold before a change goes in.
ci:
    .ci/run

# The emulators of docker-compose.yml, for those who have Docker: LocalStack and Valkey.
servers:
    docker compose up --detach --wait

# Tables, universes, markets and an administrator in LocalStack.
tables:
    docker compose run --rm init

# Fetches and packs the tools of the documentation pages again.
update-docs:
    functions/assets/update.sh
