#!/usr/bin/env bash
# Formatting, lints and documentation: none of them may give a warning. Runs all three, and fails when one did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
scripts/setup.sh || exit 1
. scripts/env.sh

failed=''
cargo fmt --check || failed+=" formatting (cargo fmt mends it)"
cargo clippy --release --all-targets -- -D warnings || failed+=" clippy"
RUSTDOCFLAGS='-D warnings' cargo doc --release --no-deps || failed+=" documentation"
[[ ! $failed ]] || { echo "check failed:$failed" >&2; exit 1; }
