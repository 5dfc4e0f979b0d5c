#!/usr/bin/env bash
# Formatting, lints and documentation: nothing of it may give a warning.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
. scripts/env.sh
cargo fmt --check
cargo clippy --release --all-targets -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --release --no-deps
