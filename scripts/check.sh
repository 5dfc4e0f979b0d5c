#!/usr/bin/env bash
# Formatting, lints, documentation, every combination of features, and the crates that Divisi is built from: none of them may
# give a warning. Runs all, and fails when one did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
scripts/setup.sh || exit 1
. scripts/env.sh

combinations() { # what a crate builds that leaves out pictures, solvers, compression or all of them (with all: clippy, below)
    local features
    for features in '' plot solvers compress; do
        cargo clippy --release --lib --examples --no-default-features --features "parallel-hdf5 $features" -- -D warnings || return 1
    done
}

dependencies() { # licences, bans and sources of all crates; known faults of them, where their database can be reached
    if ! scripts/setup.sh --deny; then
        echo "check: without cargo-deny the crates that Divisi is built from were not looked at" >&2
        [[ ! ${CI:-} ]]
        return
    fi
    local PATH=$PATH:$PWD/target/deny/bin
    # One crate says its licence in a file alone.
    cargo deny check --deny warnings --allow no-license-field bans licenses sources || return 1
    if cargo deny fetch db 2>/dev/null; then
        cargo deny check --disable-fetch advisories
    else
        echo "check: the database of advisories cannot be reached: they were not looked at" >&2
    fi
}

failed=''
cargo fmt --check || failed+=" formatting (cargo fmt mends it)"
cargo clippy --release --all-targets -- -D warnings || failed+=" clippy"
combinations || failed+=" features"
RUSTDOCFLAGS='-D warnings' cargo doc --release --no-deps || failed+=" documentation"
dependencies || failed+=" dependencies (deny.toml)"
[[ ! $failed ]] || { echo "check failed:$failed" >&2; exit 1; }
