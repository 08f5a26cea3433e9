#!/usr/bin/env bash
# Checks what no program here reads, but Docker and GitHub do: the compose file against its
# published schema, the workflows against theirs and by a linter that knows their expressions and
# scripts, the Dockerfiles by a linter. Without a container engine that is all that can be said.
# Usage: .ci/schemas.sh
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly bin=target/ci/schemas/bin
readonly workflows=(.github/workflows/*.yml)
readonly dockerfiles=(Dockerfile infra/compose/*.Dockerfile)

"$bin/check-jsonschema" --builtin-schema vendor.compose-spec docker-compose.yml
"$bin/check-jsonschema" --builtin-schema vendor.github-workflows "${workflows[@]}"
# Actions are pinned by major version: which commit that is cannot be known without a network.
"$bin/jactionlint" --no-online --no-hints --shellcheck= --ignore unpinned-uses "${workflows[@]}"
echo "${#workflows[@]} workflows are sound"
"$bin/hadolint" "${dockerfiles[@]}"
echo "${#dockerfiles[@]} Dockerfiles are sound"
