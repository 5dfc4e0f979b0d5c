#!/usr/bin/env bash
# Runs every parameter file of sims/ with two builds of the program and compares what they leave, byte for byte, and where the bytes
# differ, since a format has gained something, number by number (scripts/compare_numbers.py): after a change that must not change a result.
# Each build lies in a checkout of its own, with its sims/ and its target/release/divisi (cargo build --release). The numbers need
# target/readers here (scripts/setup.sh --readers).
#
#     scripts/compare_builds.sh OLD NEW [WORD]      WORD: only the files whose path contains it
#
# Long runs are cut short, by a number of steps or of samples. Compared are the results: history, events, trajectory, snapshots,
# the newest checkpoint, the posterior and its table, a sweep's results. Both builds must also end with the same status.
# Prints a line for each file of sims/: how many bytes were equal, or in which files the numbers are, or what differs; exits with 1
# when anything differs.
set -uo pipefail
(($# >= 2)) || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 2; }
old=$(cd "$1" && pwd) || exit 2
new=$(cd "$2" && pwd) || exit 2
only=${3:-}
numbers=("${BASH_SOURCE[0]%/*}/../target/readers/bin/python" "${BASH_SOURCE[0]%/*}/compare_numbers.py")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
for checkout in "$old" "$new"; do
    [[ -x $checkout/target/release/divisi ]] || { echo "$checkout has no target/release/divisi: build it first" >&2; exit 2; }
done

shorter() { # FILE: the words that cut its run short
    case $1 in
        sims/fluid/*) echo "--steps 60" ;;
        sims/nbody/cold_sphere.toml | sims/nbody/plummer.toml | sims/nbody/gadget.toml) echo "--steps 60" ;;
        sims/nbody/king.toml | sims/nbody/merging_clusters.toml | sims/nbody/galaxies.toml) echo "--steps 60" ;;
        sims/nbody/core_collapse.toml) echo "--steps 10" ;;
        sims/nbody/solar_system.toml) echo "run.until=365.25" ;;
        sims/nbody/outer_solar_system.toml) echo "--steps 20000" ;;
        sims/nbody/*) echo "--steps 5000" ;;
        sims/orbit/gj504_ofti.toml) echo "method.orbits=1000" ;;
        sims/orbit/betapic.toml | sims/orbit/hd164922_mcmc.toml) echo "--steps 60" ;;
        sims/orbit/two_planets.toml) echo "--steps 5000" ;;
        sims/orbit/stability.toml) echo "parameters.samples=20 task.set={\"run.until\"=365250}" ;;
    esac
}

run() { # CHECKOUT NAME FILE: prints the exit status
    local checkout=$1 out=$work/$2 file=$3 words
    read -ra words <<<"$(shorter "$file")"
    [[ $file != */gadget.toml ]] || words+=("initial.file=$(echo "$work/${2%%/*}/sims/nbody/plummer/snapshots/"*_000000.hdf5)")
    mkdir -p "$(dirname "$out")"
    (cd "$checkout" && timeout 600 target/release/divisi run "$file" "${words[@]}" --out "$out") >"$out.log" 2>&1
    echo $?
}

results() { # RUN: the files that must be equal, below RUN
    (cd "$1" && ls -d history.csv events.csv trajectory.hdf5 posterior.hdf5 summary.csv results.csv results.h5 2>/dev/null
        find snapshots -type f ! -name inputs 2>/dev/null | sort
        ls checkpoints/*.hdf5 2>/dev/null | tail -n 1)
}

failed=0
passed=0
say() { printf '%-36s %s\n' "$file" "$*"; }
files=$(cd "$new" && printf "%s\n" sims/nbody/plummer.toml sims/*/*.toml | awk '!seen[$0]++')
for file in $files; do
    [[ -e $old/$file ]] || continue # a new one
    [[ $file == *"$only"* || $file == sims/nbody/plummer.toml && $only == *gadget* ]] || continue
    name=${file%.toml}
    one=$(run "$old" "old/$name" "$file")
    two=$(run "$new" "new/$name" "$file")
    if [[ $one != "$two" || $one != 0 && $one != 85 ]]; then
        say "exit statuses $one and $two: $(tail -n 1 "$work/new/$name.log")"
        failed=$((failed + 1))
        continue
    fi
    names=$(results "$work/old/$name")
    differing=''
    bytes=0
    [[ $names ]] || differing=' no-results'
    for result in $names; do
        cmp -s "$work/old/$name/$result" "$work/new/$name/$result" || differing+=" $result"
        bytes=$((bytes + $(stat -c %s "$work/old/$name/$result")))
    done
    if [[ $differing ]]; then
        # shellcheck disable=SC2086 # a list of names
        if "${numbers[@]}" "$work/old/$name" "$work/new/$name" $differing >"$work/numbers" 2>&1; then
            say "the same numbers, other bytes:$differing"
            passed=$((passed + 1))
        else
            say "differs:"
            cat "$work/numbers"
            failed=$((failed + 1))
        fi
    else
        say "same: $(wc -w <<<"$names") files, $bytes bytes"
        passed=$((passed + 1))
    fi
    [[ $file == sims/nbody/plummer.toml ]] || rm -rf "$work/old/$name" "$work/new/$name"
done
echo "$passed passed, $failed failed"
((failed == 0))
