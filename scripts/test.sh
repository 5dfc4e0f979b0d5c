#!/usr/bin/env bash
# All tests, with the release build that the demo made: the crate's own, those that relaunch themselves under mpirun,
# the examples, the job script where there is a Slurm, the set-up, and the files opened with h5py, VTK and yt (and orbitize, where
# it is there).
# The last line sums up all runners: N passed, N failed, N skipped. Arguments go to `cargo test`.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
scripts/setup.sh || exit 1
. scripts/env.sh

target=${CARGO_TARGET_DIR:-target}
log=$target/test.log
mkdir -p "$target"
: >"$log"

rust_tests() {
    cargo test --release --no-fail-fast "$@" 2>&1 | tee -a "$log"
    [[ ${PIPESTATUS[0]} == 0 ]] && return
    # What ends without a result of its own (it doesn't build, a test process dies) must not pass unseen.
    [[ $(scripts/count.sh "$log") == *' 0 failed'* ]] && echo "0 passed, 1 failed" | tee -a "$log"
}

reader_tests() { # snapshots of few and of many bodies, and of grids of one to three axes, and a posterior, as other people's tools see them
    local runs=$target/readers-runs passed=0 failed=0 name
    if ! scripts/setup.sh --readers; then
        echo "readers skipped: h5py, VTK and yt could not be installed"
        # What a person's machine may lack, an automatic check may not.
        if [[ ${CI:-} ]]; then echo "0 passed, 1 failed"; else echo "0 passed, 0 failed, 1 skipped"; fi | tee -a "$log"
        return
    fi
    for name in solar_system plummer; do
        if mpirun -n 2 "$target/release/divisi" run "sims/nbody/$name.toml" --steps 20 --out "$runs/$name" --overwrite &&
            target/readers/bin/python tests/readers/check_particles.py "$runs/$name"/snapshots/*.hdf5 &&
            target/readers/bin/python tests/readers/check_particles.py --series "$runs/$name/snapshots"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
    for name in sod kelvin_helmholtz sedov; do
        if mpirun -n 2 "$target/release/divisi" run "sims/fluid/$name.toml" --steps 40 output.every_steps=20 \
            --out "$runs/$name" --overwrite &&
            target/readers/bin/python tests/readers/check_grid.py "$runs/$name"/snapshots/snapshot_*.vtkhdf \
                --series "$runs/$name/snapshots"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
    local python=target/readers/bin/python
    [[ ! -x target/peers/bin/python ]] || python=target/peers/bin/python # which has orbitize
    if mpirun -n 2 "$target/release/divisi" run sims/orbit/stability.toml parameters.samples=40 \
        'task.set={"run.until"="1000 yr"}' --out "$runs/posterior" --overwrite &&
        mpirun -n 2 "$target/release/divisi" run sims/orbit/gj504_ofti.toml method.orbits=500 --out "$runs/fit" --overwrite &&
        $python tests/readers/check_posterior.py "$runs"/{posterior,fit}/posterior.hdf5; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    echo "$passed passed, $failed failed" | tee -a "$log"
}

rust_tests "$@"
tests/setup.sh 2>&1 | tee -a "$log"
reader_tests
echo
total=$(scripts/count.sh "$log")
echo "$total"
[[ $total == *', 0 failed, '* ]]
