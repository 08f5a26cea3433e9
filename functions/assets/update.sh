#!/usr/bin/env bash
# Fetches the vendored documentation pages' tools by package name and version, and packs them.
# The same versions give the same bytes. Needs npm, tar and gzip. See LICENSES.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly SWAGGER_UI=5.35.0
# Not 3.x: it is twice the size and reports its readers to its makers unless told not to.
readonly REDOC=2.5.4

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# fetch PACKAGE VERSION: unpacks it into $scratch/PACKAGE.
fetch() {
    local archive
    archive=$(npm pack --silent --pack-destination "$scratch" "$1@$2" | tail -n 1)
    mkdir "$scratch/$1"
    tar -xzf "$scratch/$archive" -C "$scratch/$1" --strip-components=1
}

# pack NAME: what it reads, without references to source maps, as NAME.gz.
pack() {
    sed -E 's|^//# sourceMappingURL=.*$||; s|^/\*# sourceMappingURL=.*\*/$||' \
        | gzip -n -9 > "$1.gz"
    echo "$1.gz: $(wc -c < "$1.gz") bytes"
}

fetch swagger-ui-dist "$SWAGGER_UI"
fetch redoc "$REDOC"

pack swagger-ui-bundle.js < "$scratch/swagger-ui-dist/swagger-ui-bundle.js"
pack swagger-ui.css < "$scratch/swagger-ui-dist/swagger-ui.css"
# Its one picture from elsewhere, a logo, becomes an address that loads nothing; the words and
# the link beside it stay.
logo=https://cdn.redoc.ly/redoc/logo-mini.svg
grep -q "$logo" "$scratch/redoc/bundles/redoc.standalone.js"
sed "s|$logo|data:,|" "$scratch/redoc/bundles/redoc.standalone.js" | pack redoc.standalone.js

# The texts that must go with them.
mkdir -p licenses
cp "$scratch/swagger-ui-dist/LICENSE" licenses/swagger-ui.LICENSE
cp "$scratch/swagger-ui-dist/NOTICE" licenses/swagger-ui.NOTICE
cp "$scratch/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt" licenses/swagger-ui-bundle.txt
cp "$scratch/redoc/LICENSE" licenses/redoc.LICENSE
cp "$scratch/redoc/bundles/redoc.standalone.js.LICENSE.txt" licenses/redoc.standalone.txt
