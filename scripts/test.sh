#!/usr/bin/env bash
# All tests: the crate's own, those that relaunch themselves under mpirun, the examples, the job script where there is a Slurm, the
# set-up, the files opened with h5py, astropy, VTK, yt, xarray, pynbody, ArviZ and orbitize, and the Python package.
# What can be done beside building is: the set-up's tests, and fetching the readers. Tests of ranks are not: ranks that wait leave their
# cores to whatever builds, and then take minutes where they took seconds.
# The last line sums up all runners: N passed, N failed, N skipped. Arguments go to `cargo test`; `--python`: the Python package alone.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
[[ ! ${MPI:-} ]] || exec scripts/test_mpi.sh
scripts/setup.sh || exit 1
. scripts/env.sh

# Several jobs of several ranks run at a time, on few cores. A rank that waits leaves its core to others, and one test more
# than there are cores runs, since starting a job is mostly waiting.
export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(getconf _NPROCESSORS_ONLN) + 1))}

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
# Of this process alone until the end: tests may run twice at a time in one checkout.
own=$(mktemp -d "$target/test.XXXXXX") || exit 1
log=$own/test.log
: >"$log"
trap 'rm -rf "$target/readers-runs"; mv -f "$own"/* "$target" && rmdir "$own"' EXIT

rust_tests() { # LOG WORDS..
    local log=$1
    shift
    cargo test --release --no-fail-fast "$@" 2>&1 | tee -a "$log"
    [[ ${PIPESTATUS[0]} == 0 ]] && return
    # What ends without a result of its own (it doesn't build, a test process dies) must not pass unseen.
    [[ $(scripts/count.sh "$log") == *' 0 failed'* ]] && echo "0 passed, 1 failed" | tee -a "$log"
}

beside_building() { # what needs the network and small programs more than a core
    tests/setup.sh
    scripts/setup.sh --readers
}

reader_tests() { # parameter files as editors see them; snapshots of few and of many bodies, and of grids of one to three axes, and a posterior, as other people's tools see them
    local runs=$own/readers-runs passed=0 failed=0 name
    if ! scripts/setup.sh --readers; then
        echo "readers skipped: h5py, VTK, yt and others could not be installed"
        # What a person's machine may lack, an automatic check may not.
        if [[ ${CI:-} ]]; then echo "0 passed, 1 failed"; else echo "0 passed, 0 failed, 1 skipped"; fi
        return
    fi
    for name in solar_system plummer; do
        if mpirun -n 2 "$target/release/divisi" run "sims/nbody/$name.toml" --steps 20 --out "$runs/$name" --overwrite &&
            target/readers/bin/python tests/readers/check_particles.py "$runs/$name"/snapshots/*.hdf5 &&
            target/readers/bin/python tests/readers/check_particles.py --series "$runs/$name/snapshots" &&
            target/readers/bin/python tests/readers/check_labels.py "$runs/$name"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
    for name in sod kelvin_helmholtz sedov wind_tunnel; do
        if mpirun -n 2 "$target/release/divisi" run "sims/fluid/$name.toml" --steps 40 output.every_steps=20 \
            --out "$runs/$name" --overwrite &&
            target/readers/bin/python tests/readers/check_grid.py "$runs/$name"/snapshots/snapshot_*.vtkhdf \
                --series "$runs/$name/snapshots" &&
            target/readers/bin/python tests/readers/check_labels.py "$runs/$name"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
    if mpirun -n 2 "$target/release/divisi" run sims/optics/airy.toml --out "$runs/airy" --overwrite &&
        mpirun -n 2 "$target/release/divisi" run sims/optics/fold.toml --out "$runs/fold" --overwrite &&
        target/readers/bin/python tests/readers/check_optics.py "$runs"/{airy,fold}; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    if target/readers/bin/python tests/readers/check_schema.py "$target/release"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    if mpirun -n 2 "$target/release/divisi" run sims/orbit/stability.toml parameters.samples=40 \
        'task.set={"run.until"="1000 yr"}' --out "$runs/posterior" --overwrite &&
        mpirun -n 2 "$target/release/divisi" run sims/orbit/gj504_ofti.toml method.orbits=500 --out "$runs/fit" --overwrite &&
        target/readers/bin/python tests/readers/check_posterior.py "$runs"/{posterior,fit}/posterior.hdf5; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    # Each file of a fit and of a sweep by every reader of labels; the package, which prints a line of numbers of its own.
    if mpirun -n 2 "$target/release/divisi" run sims/sweep/logistic.toml --out "$runs/logistic" --overwrite &&
        target/readers/bin/python tests/readers/check_labels.py "$runs"/{fit,logistic}; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    echo "$passed passed, $failed failed"
    python_tests
}

python_tests() { # the package `divisi`, its types, its notebooks
    DIVISI_PROGRAM=$(realpath "$target/release/divisi") target/readers/bin/python -m pytest -q python
    (($? < 2)) || echo "0 passed, 1 failed"
    if (cd python && ../target/readers/bin/python -m mypy divisi); then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; fi
}

[[ ${1:-} != --python ]] || {
    scripts/setup.sh --readers && cargo build --release || exit 1
    total=$(python_tests | tee /dev/stderr | scripts/count.sh)
    echo "$total"
    [[ $total == *', 0 failed, '* ]]
    exit
}

seconds() { printf '==== %s after %s s\n' "$1" $SECONDS; }

# The crate with its unit tests inside is a second build of all of it. They compute little, so it isn't optimised: a fifth of the time.
unit=(--lib --config 'profile.release.package.divisi.opt-level=0')

all_rust_tests() { # those that need ranks of their own beside all others: for most of their time they wait for jobs
    local ranks=$own/test-ranks.log
    : >"$ranks"
    rust_tests "$ranks" --test mpi >/dev/null &
    rust_tests "$log" "${unit[@]}"
    rust_tests "$log" --bins --test bits --test physics --test program --test slurm
    rust_tests "$log" --doc
    wait $!
    tee -a "$log" <"$ranks"
}

beside=$own/test-beside.log
beside_building >"$beside" 2>&1 &
build() { # everything, or what is asked for
    if [[ $# == 0 ]]; then
        # `cargo build`, not `cargo test --no-run`: that would build examples as tests, and no program of theirs.
        cargo build --release --bins --examples --test '*' && cargo test --release --no-run "${unit[@]}"
    else
        cargo test --release --no-run "$@"
    fi
}
build "$@" && seconds built
wait $! || scripts/setup.sh --readers # in the foreground, where it may ask for a password
reader_tests >>"$beside" 2>&1 &
readers=$!
if [[ $# == 0 ]]; then all_rust_tests; else rust_tests "$log" "$@"; fi
seconds "Rust tests done"
wait $readers
tee -a "$log" <"$beside"
seconds "all done"
total=$(scripts/count.sh "$log")
echo "$total"
[[ $total == *', 0 failed, '* ]]
