#!/usr/bin/env bash
# The tests of ranks under one MPI of several, which MPI names: openmpi4, openmpi5, mpich, mpich5. What is built lies in target/$MPI.
# Then runs, fits and sweeps on three ranks leave the bytes that they leave on one, and those that another MPI has left, where there is
# one: target/mpis/NAME holds what each has. The last line sums up: N passed, N failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
scripts/setup.sh || exit 1
. scripts/env.sh
: "${MPI:?one of openmpi4, openmpi5, mpich, mpich5}"
log=$CARGO_TARGET_DIR/test.log
results=target/mpis
mkdir -p "$CARGO_TARGET_DIR" "$results"
# Ranks outnumber cores: Open MPI gives its core up when told; MPICH doesn't, and Divisi does it in its place.
export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
# Lines in backtraces are not worth a part of the build; what many ranks compute is worth some optimising.
export CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG:-0} CARGO_PROFILE_DEV_OPT_LEVEL=${CARGO_PROFILE_DEV_OPT_LEVEL:-1}

count() { if "$@"; then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; fi; }

runs() { # PROGRAM RANKS FOLDER: a run of bodies, one of gas, a sweep and a fit
    local run=("$1" run) out=$3
    (($2 == 1)) || run=(timeout 300 mpirun -n "$2" "$1" run)
    "${run[@]}" sims/nbody/plummer.toml --steps 20 --overwrite --out "$out/plummer" &&
        "${run[@]}" sims/fluid/blast.toml grid.cells=31,41,23 grid.low=-1,-1,-1 grid.high=1,1,1 --steps 20 output.every_steps=10 \
            --overwrite --out "$out/blast" &&
        "${run[@]}" sims/sweep/eccentricity.toml --overwrite --out "$out/eccentricity" &&
        "${run[@]}" sims/orbit/gj504_ofti.toml method.orbits=200 --overwrite --out "$out/gj504"
}

same() { # FOLDER FOLDER: the numbers of all results. The text of files differs where another HDF5 wrote them.
    local run
    for run in plummer blast eccentricity gj504; do
        "$program" compare "$1/$run" "$2/$run" || return 1
    done
}

cargo test ${DIVISI_FEATURES:-} --no-run --test mpi --test bits || exit 1
program=$CARGO_TARGET_DIR/debug/divisi
skipped=()
# hydra ends the job with a rank.
[[ $MPI != mpich* ]] || skipped=(--skip deaths:)
{
    cargo test ${DIVISI_FEATURES:-} --test mpi -- "${skipped[@]}" || echo "0 passed, 1 failed"
    cargo test ${DIVISI_FEATURES:-} --test bits -- leapfrog_of_1000 ias15 every_side || echo "0 passed, 1 failed"
    count runs "$program" 1 "$results/$MPI-1"
    count runs "$program" 3 "$results/$MPI"
    count same "$results/$MPI-1" "$results/$MPI"
    for other in openmpi4 openmpi5 mpich mpich5; do
        [[ $other == "$MPI" || ! -d $results/$other ]] || { echo "bits of $other and $MPI"; count same "$results/$other" "$results/$MPI"; }
    done
} 2>&1 | tee "$log"
total=$(scripts/count.sh "$log")
echo "$total"
[[ $total == *', 0 failed, '* ]]
