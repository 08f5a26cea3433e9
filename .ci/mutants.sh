#!/usr/bin/env bash
# Changes money, rates, the ledger, the book, settlement and authentication in one place after the
# other, in a copy of the tree, and counts which changes the tests notice. Prints a table and what
# survived; fails if a survivor's reason does not stand in docs/MUTANTS.md, and below 95 % of all.
# Usage: .ci/mutants.sh [FILE...]; the files of .cargo/mutants.toml without an argument, which
# takes about an hour on two cores. `.ci/install.sh mutants` installs cargo-mutants.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly mutants=target/ci/cargo/bin/cargo-mutants out=target/ci/mutants
# A changed loop may never end, and fill the memory before its time is up: 6 GB are enough for
# the compiler.
ulimit -v 6291456
# Quick builds: nobody will look into a mutant with a debugger.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1 CARGO_TERM_COLOR=never

chosen=()
if [ $# -gt 0 ]; then
    chosen=(--no-config)
    for file in "$@"; do
        chosen+=(--file "$file")
    done
fi

# $1: a package; $2: where its results go; then what `cargo mutants` is told besides. Its exit
# says 2 if mutants survived and 3 if tests did not end: that is counted below.
run() {
    local package=$1 name=$2 status=0
    shift 2
    echo "==> $name"
    "$mutants" mutants --package "$package" --output "$out/$name" --jobs 1 --colors never \
        --minimum-test-timeout 30 --cargo-arg=--lib "${chosen[@]}" "$@" || status=$?
    if [ "$status" -ne 0 ] && [ "$status" -ne 2 ] && [ "$status" -ne 3 ]; then
        exit "$status"
    fi
}

rm -rf "$out"
mkdir -p "$out/domain" "$out/edge"
wanted() {
    [ -n "$("$mutants" mutants --package "$1" --list "${chosen[@]}")" ]
}
if wanted domain; then
    # First the quick tests, then, for what they have not noticed, all of them.
    run domain domain -- -- --skip properties --skip commit:: --skip statement:: --skip candle:: \
        --skip venue:: --skip webhook::
    cp -r "$out/domain/mutants.out" "$out/domain/quick"
    if [ -s "$out/domain/quick/missed.txt" ]; then
        run domain domain --iterate
    fi
fi
if wanted edge; then
    run edge edge -- auth
fi

python3 - "$out" "$#" <<'PYTHON'
import collections, json, pathlib, re, sys

last = {}
for part in ("domain/quick", "domain/mutants.out", "edge/mutants.out"):
    outcomes = pathlib.Path(sys.argv[1], part, "outcomes.json")
    if outcomes.exists():
        for one in json.loads(outcomes.read_text())["outcomes"]:
            if one["scenario"] != "Baseline":
                mutant = one["scenario"]["Mutant"]
                last[mutant["name"]] = (mutant["file"], one["summary"])
columns = ("CaughtMutant", "Timeout", "MissedMutant", "Unviable")
files = collections.defaultdict(collections.Counter)
for file, summary in last.values():
    files[file][summary] += 1
total = sum(files.values(), collections.Counter())

def line(file, of):
    noticed, viable = of["CaughtMutant"] + of["Timeout"], sum(of.values()) - of["Unviable"]
    share = f"{100 * noticed / viable:.1f}" if viable else "-"
    print("|", " | ".join([file, str(sum(of.values())), *(str(of[c]) for c in columns), share]), "|")

print("\n| file | mutants | caught | no end | missed | unviable | % |\n|---|---|---|---|---|---|---|")
for file in sorted(files):
    line(file, files[file])
line("total", total)

reasons = pathlib.Path("docs/MUTANTS.md").read_text()
missed = sorted(name for name, (_, summary) in last.items() if summary == "MissedMutant")
unexplained = [m for m in missed if re.sub(r":\d+:\d+: ", ": ", m).split("src/", 1)[1] not in reasons]
print(f"\n{len(missed)} survived, {len(unexplained)} of them without a reason in docs/MUTANTS.md")
for name in missed:
    print("-" if name not in unexplained else "- NO REASON:", name)
noticed, viable = total["CaughtMutant"] + total["Timeout"], sum(total.values()) - total["Unviable"]
# A single file may be small enough for one survivor with a reason to be more than 5 % of it.
least = 0.95 if sys.argv[2] == "0" else 0
sys.exit(bool(unexplained) or not viable or noticed < least * viable)
PYTHON
