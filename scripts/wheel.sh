#!/usr/bin/env bash
# Builds the wheel of the Python package with the program in it, and tries it (tests/wheel.sh): target/wheel/dist/*.whl
#
# The program is built twice, for the ABIs of Open MPI and of MPICH, by zig for an old glibc, with HDF5 from source inside. The wheel
# has both, and the script that chooses one (python/launcher/divisi). It needs no MPI to be installed, and one to run.
# `--untried` only builds.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --wheel
. scripts/env.sh
unset HDF5_DIR

glibc=2.28
machine=$(uname -m)
features=(--no-default-features --features "bundled-hdf5,plot,solvers,compress")
folder=$PWD/target/wheel
programs=$folder/programs
export PATH=$folder/tools/bin:$PATH

program() { # MPI: the program for its ABI
    # What doesn't depend on the MPI is built once, HDF5 for instance.
    if [[ $1 == mpich && ! -e $folder/build-mpich ]]; then
        cp -a "$folder/build-openmpi" "$folder/build-mpich"
        cargo clean --quiet --release --package mpi-sys --target "$machine-unknown-linux-gnu" --target-dir "$folder/build-mpich"
    fi
    # From a folder beside zig's: above it zig names its headers by relative paths, which nothing finds elsewhere.
    (
        cd "$folder/$1"
        MPICC=$PWD/bin/mpicc CARGO_PROFILE_RELEASE_STRIP=true cargo zigbuild --release --bin divisi "${features[@]}" \
            --manifest-path ../../../Cargo.toml --target "$machine-unknown-linux-gnu.$glibc" --target-dir "$folder/build-$1"
    )
    install -D "$folder/build-$1/$machine-unknown-linux-gnu/release/divisi" "$programs/divisi-$1"
}

stand_in() { # a library that has nothing but the need for Debian's MPICH, whose name is libmpich.so.12
    local empty=(cc -shared -nostdlib -x c /dev/null -x none) made
    made=$(mktemp -d)
    "${empty[@]}" -Wl,-soname,libmpich.so.12 -o "$made/libmpich.so.12"
    mkdir -p "$programs/debian"
    "${empty[@]}" -Wl,-soname,libmpi.so.12 -Wl,--no-as-needed "$made/libmpich.so.12" -o "$programs/debian/libmpi.so.12"
    rm -r "$made"
}

licences() { # of what is linked into the programs: HDF5, crates, C libraries within them, the font
    local crate version sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
    cargo tree --locked --edges normal "${features[@]}" --prefix none --format '{p}' | sed 's/ (.*//' | sort -u |
        while read -r crate version; do
            find "$sources"/*/"$crate-${version#v}" -maxdepth 3 -type f \( -iname '*LICENSE*' -o -iname '*COPYING*' \) \
                ! -iname '*apache*' -printf '\n==== %P of '"$crate $version"'\n\n' -exec cat {} \; 2>/dev/null || true # Divisi itself is elsewhere
        done
    printf '\n==== DejaVu Sans\n\n'
    cat src/plot/font/LICENSE
}

pack() { # all of it as a wheel
    local package data
    rm -rf "$folder"/{source,pure,unpacked,dist}
    mkdir -p "$folder"/{source,dist}
    cp -r python/{divisi,pyproject.toml,README.md} LICENSE-* "$folder/source"
    licences >"$folder/source/LICENSE-linked"
    pip --quiet --disable-pip-version-check wheel --no-deps --wheel-dir "$folder/pure" "$folder/source"
    wheel unpack --dest "$folder/unpacked" "$folder"/pure/*.whl
    package=$(echo "$folder"/unpacked/*)
    data=$package/${package##*/}.data
    mkdir -p "$data/data/libexec/divisi"
    install -D python/launcher/divisi "$data/scripts/divisi"
    cp -r "$programs"/* "$data/data/libexec/divisi"
    sed -i "s/^Root-Is-Purelib: .*/Root-Is-Purelib: false/; s/^Tag: .*/Tag: py3-none-manylinux_${glibc/./_}_$machine/" "$package"/*.dist-info/WHEEL
    wheel pack --dest-dir "$folder/dist" "$package"
}

rm -rf "$programs"
program openmpi
program mpich
stand_in
pack
[[ ${1:-} == --untried ]] || tests/wheel.sh "$folder"/dist/*.whl
