#!/usr/bin/env bash
# The measured figures, a line each, and into target/bench.json. Names given as arguments: those alone.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --peers || echo "bench: the peers' own figures are left out" >&2
. scripts/env.sh
cargo bench --bench bench -- "$@"
