#!/usr/bin/env bash
# The demo: the real Solar System for 100 years on two ranks, how far it ends from JPL's ephemeris, its picture;
# then what ranks are for: 32768 bodies on one rank and on two, how much faster, and that the files are identical; gas; a sweep.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
. scripts/env.sh

divisi=${CARGO_TARGET_DIR:-target}/release/divisi
runs=runs/demo
planets=$runs/solar_system

step() { # in bold on a terminal
    if [[ -t 1 ]]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

show() { # runs a command after showing it
    printf '$ %s\n' "$*"
    "$@"
}

loop_seconds() { sed -n 's/^ *"loop_seconds": *\([0-9.eE+-]*\),*$/\1/p' "$1/ledger.json"; }

nearest_and_furthest() { # of the table that `divisi compare` prints
    awk '$NF == "km" { last = sprintf("%.0f km (%s)", $2, $1); if (!n++) first = last } END { print first " to " last }'
}

step "1. Build (four to five minutes on two cores the first time)"
show cargo build --release ${DIVISI_FEATURES:-}

step "2. The Sun, the planets, the Moon and Pluto for 100 years on two ranks"
show mpirun -n 2 "$divisi" run sims/nbody/solar_system.toml --out "$planets" --overwrite

step "3. How far is it from JPL's ephemeris after 100 years?"
distances=$(show "$divisi" compare "$planets" sims/nbody/solar_system_J2000_plus_100yr.csv)
echo "$distances"

step "4. Draw it"
pictures=$(show "$divisi" plot "$planets")
echo "$pictures"

step "5. 32768 bodies of a Plummer sphere, on one rank and on two"
for ranks in 1 2; do
    show mpirun -n $ranks "$divisi" run sims/nbody/plummer.toml initial.n=32768 --steps 40 \
        --out "$runs/plummer_$ranks" --overwrite
done
show "$divisi" compare "$runs/plummer_1" "$runs/plummer_2"
show diff -r "$runs/plummer_1/snapshots" "$runs/plummer_2/snapshots"
show cmp "$runs/plummer_1/history.csv" "$runs/plummer_2/history.csv"
one=$(loop_seconds "$runs/plummer_1")
two=$(loop_seconds "$runs/plummer_2")
speed_up=$(awk -v a="$one" -v b="$two" 'BEGIN { printf "%.2f times as fast (%.1f s and %.1f s)", a / b, a, b }')
(($(getconf _NPROCESSORS_ONLN) > 1)) || speed_up+="; this machine has one core, which the two ranks shared"

step "6. Gas: two streams that slide along each other, on two ranks"
show mpirun -n 2 "$divisi" run sims/fluid/kelvin_helmholtz.toml --until 2.5 --out "$runs/kelvin_helmholtz" --overwrite
gas=$(show "$divisi" plot "$runs/kelvin_helmholtz")
echo "$gas"

step "7. A sweep: a simulation for each of twenty points, on two ranks; the same results on one"
for ranks in 1 2; do
    show mpirun -n $ranks "$divisi" run sims/sweep/eccentricity.toml --out "$runs/sweep_$ranks" --overwrite
done
show cmp "$runs/sweep_1/results.csv" "$runs/sweep_2/results.csv"
show head -n 4 "$runs/sweep_2/results.csv"

step "The picture: $(grep -o '[^ ]*\.png' <<<"$pictures" | head -n 1)"
echo "The gas: $(grep -o '[^ ]*\.png' <<<"$gas" | head -n 1)"
echo "From JPL's ephemeris after 100 years: $(nearest_and_furthest <<<"$distances")"
echo "Two ranks are $speed_up; files identical"
echo "Try next: $divisi list; mpirun -n 2 $divisi run sims/nbody/outer_solar_system.toml; make test; docs/"
