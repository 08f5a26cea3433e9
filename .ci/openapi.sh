#!/usr/bin/env bash
# Tries the market at MARKET_URL, as the user of MARKET_TOKEN, with requests generated from its
# own OpenAPI document: no answer is a 5xx, or has a status, a type or a shape that the document
# does not know. The seed is fixed, so that a change is judged and not chance. The document of the
# socket is read by the reference parser; what is sent, the tests of the API hold to it.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly bin=$PWD/target/ci/openapi/bin
readonly document=$PWD/target/ci/openapi.json
readonly socket_document=$PWD/target/ci/asyncapi.json
fetch() {
    python3 -c '
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
open(sys.argv[2], "wb").write(opener.open(sys.argv[1], timeout=10).read())
' "$1" "$2"
}
fetch "$MARKET_URL/openapi.json" "$document"
fetch "$MARKET_URL/asyncapi.json" "$socket_document"
NODE_PATH=$PWD/target/ci/asyncapi/node_modules node .ci/asyncapi.cjs "$socket_document"
"$bin/python" -m openapi_spec_validator "$document"
# It keeps what it has learnt in its working directory.
cd target/ci
"$bin/schemathesis" run "$document" --url "$MARKET_URL" --header "Authorization: Bearer $MARKET_TOKEN" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --max-examples 25 --seed 1
