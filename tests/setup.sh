#!/usr/bin/env bash
# What scripts/setup.sh and scripts/env.sh do and say on machines of other kinds, played with stand-ins in PATH:
# a conda environment before the system, no Rust, an old Rust, macOS, a cluster with modules, no root.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # CLAIM CONDITION..
    local claim=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'setup: %s ... FAILED\nexit status %s, output:\n%s\n' "$claim" "$status" "$output"
    fi
}

says() { # TEXT..: the output holds each of these
    local text
    for text in "$@"; do [[ $output == *"$text"* ]] || return 1; done
}

setup() { # ENVIRONMENT..: runs setup.sh in it
    output=$(env "$@" scripts/setup.sh 2>&1 </dev/null)
    status=$?
}

stub() { # FILE SCRIPT
    mkdir -p "${1%/*}"
    printf '#!/bin/sh\n%s\n' "$2" >"$1"
    chmod +x "$1"
}

# A machine without apt: the everyday tools, Rust, but an mpicc that doesn't work.
bare=$work/bare
mkdir -p "$bare"
for tool in bash sh env dirname sed sort head cut grep find id mktemp rm cat uname ls cc make; do
    ln -s "$(command -v $tool)" "$bare/$tool"
done
stub "$bare/cargo" 'echo "cargo 1.99.0"'
stub "$bare/mpicc" 'exit 1'
without_apt=(-u HDF5_DIR -u CARGO_HOME -u MODULESHOME -u LMOD_CMD -u CONDA_PREFIX PATH="$bare" HOME="$work")

setup -u HDF5_DIR
check "where all is there it is silent" test "$status$output" = 0

if [[ -x /usr/bin/apt-get && -x /usr/bin/mpicc ]]; then
    stub "$work/miniconda3/bin/mpicc" 'echo "cc -I/conda/include -lmpi"'
    setup -u HDF5_DIR PATH="$work/miniconda3/bin:$PATH"
    check "conda's mpicc before the system's is named, with a way out" \
        says "$work/miniconda3/bin/mpicc" "conda deactivate"
    check "and does not stop the set-up" test "$status" = 0
    output=$(env -u HDF5_DIR PATH="$work/miniconda3/bin:$PATH" sh -c '. scripts/env.sh; command -v mpicc')
    check "the scripts use the system's" test "$output" = /usr/bin/mpicc
fi

output=$(HDF5_DIR=/my/own CMAKE=mine OMPI_MCA_rmaps_base_oversubscribe=0 sh -c \
    '. scripts/env.sh; echo $HDF5_DIR $CMAKE $OMPI_MCA_rmaps_base_oversubscribe')
check "what the user set stays" test "$output" = "/my/own mine 0"

setup HDF5_DIR="$work"
check "an HDF5_DIR without a parallel HDF5 is named" says "HDF5_DIR=$work" "unset it"

setup "${without_apt[@]}"
check "without root it names what is missing" says "MPI" "parallel HDF5" "setup.sh --no-root"
check "and its page" says "docs/install/no-root.md"
check "and fails" test "$status" = 1

stub "$bare/cmake" 'echo "cmake version 3.30.0"'
output=$(env "${without_apt[@]}" HDF5_DIR="$work" scripts/setup.sh --bundled 2>&1 </dev/null)
check "before HDF5 is built from source another HDF5 is named" says "HDF5_DIR=$work" "unset HDF5_DIR"

output=$(env "${without_apt[@]}" scripts/setup.sh --mpich 2>&1 </dev/null)
check "MPICH beside another MPI: where there is no apt it says what chooses an MPI" says "Debian and Ubuntu" "module"

setup "${without_apt[@]}" MODULESHOME=/opt/modules
check "on a cluster it names modules" says "module load" "docs/install/cluster.md"

rm "$bare/uname"
stub "$bare/uname" 'echo Darwin'
setup "${without_apt[@]}"
check "on macOS it names Homebrew's packages" says "brew install open-mpi" "brew install hdf5-mpi" "install/macos.md"

stub "$bare/cargo" 'echo "cargo 1.63.0"'
setup "${without_apt[@]}"
check "an old Rust is named" says "cargo 1.63.0" "needs Rust 1."

rm "$bare/cargo"
setup "${without_apt[@]}"
check "no Rust: how to get it, and status 1" says "Rust is missing" "sh.rustup.rs"
check "and fails" test "$status" = 1

for page in debian cluster no-root macos; do
    output="docs/install/$page.md" status=0
    check "the page that it names is there" test -s "$output"
done

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
