#!/usr/bin/env bash
# Checks the stacks' templates without AWS: SAM and cfn-lint whether they are right, checkov
# whether they are safe. Nothing is built and nothing is deployed.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly sam=target/ci/sam/bin checkov=target/ci/checkov/bin
# SAM wants to know a region, though it asks nobody there.
export AWS_DEFAULT_REGION=eu-central-1 SAM_CLI_TELEMETRY=0
templates=(template.yaml infra/stacks/*.yaml)

echo "SAM: $("$sam/sam" --version)"
"$sam/sam" validate --lint

echo "resources a stack, as SAM transforms it"
"$sam/python" .ci/transformed.py "${templates[@]}"

echo "cfn-lint: $("$sam/cfn-lint" --version), ${#templates[@]} templates"
"$sam/cfn-lint" --non-zero-exit-code informational
echo "no error, warning or remark"

# checkov passes over what a condition's defaults leave out, so it reads copies in which nothing
# is left out.
readonly copies=target/ci/stacks
rm -rf "$copies"
mkdir -p "$copies"
for template in "${templates[@]}"; do
    sed '/^    Condition: [A-Za-z]*$/d' "$template" > "$copies/$(basename "$template")"
done
echo "checkov: $("$checkov/checkov" --version)"
"$checkov/checkov" --framework cloudformation --skip-download --compact --quiet --directory "$copies" \
    --output cli --output json --output-file-path console,"$copies/checkov.json"
"$sam/python" - "$copies/checkov.json" <<'PYTHON'
import json, sys
summary = json.load(open(sys.argv[1]))["summary"]
print(f"{summary['resource_count']} resources: {summary['passed']} passed, {summary['failed']} failed, "
      f"{summary['skipped']} skipped with a reason")
# What checkov cannot read it passes over.
sys.exit(summary["parsing_errors"] > 0 or summary["resource_count"] < 100)
PYTHON
