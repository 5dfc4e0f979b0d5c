#!/usr/bin/env bash
# Runs every parameter file of sims/ and writes docs/gallery.md with a picture of each (scripts/gallery.py). MINUTES=5: the most for each.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --site
. scripts/env.sh
cargo build --release
target/mdbook/bin/python scripts/gallery.py "$PWD/${CARGO_TARGET_DIR:-target}/release/divisi" "${MINUTES:-5}"
