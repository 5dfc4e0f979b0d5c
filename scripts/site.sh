#!/usr/bin/env bash
# The documentation as a site, with search and the library's reference beside it, into target/site; ends when a link in it is dead.
# Pages are made by mdBook, which comes built as a Python package. `--no-api` leaves the library's reference out.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --site
. scripts/env.sh

folder=$PWD/target/site book=$PWD/target/site-book
rm -rf "$folder" "$book"
mkdir -p "$book/src" "$folder"
cp docs/book.toml "$book"
python3 scripts/site.py stage "$book/src"
target/mdbook/bin/mdbook build --dest-dir "$folder" "$book"
if [[ ${1:-} == --no-api ]]; then
    mkdir -p "$folder/api/divisi"
    echo '<p>Left out: make site writes it.</p>' >"$folder/api/divisi/index.html"
else
    cargo doc --release --no-deps
    cp -r "${CARGO_TARGET_DIR:-target}/doc" "$folder/api"
fi
python3 scripts/site.py check "$folder"
echo "open $folder/index.html"
