#!/usr/bin/env bash
# Makes sure that all that Divisi is built with is there, and says what is missing where it can't install it.
# On Debian and Ubuntu, with root or sudo, it installs; elsewhere it names what is missing and the page that helps.
# Asks nothing, changes nothing outside the system's packages and target/, and is instant when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'USAGE'
usage: scripts/setup.sh [--bundled] [--readers] [--no-root]

  (nothing)   what `cargo build` needs: Rust, a C compiler, MPI, parallel HDF5, libclang
  --bundled   what the cargo feature `bundled-hdf5` needs: the same with cmake instead of HDF5
  --readers   also h5py, VTK and yt in target/readers, with which `make test` opens the files
  --no-root   MPI, libclang and cmake as Python packages in target/no-root: for `bundled-hdf5`, without root
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

has_cmake() { # the HDF5 that `bundled-hdf5` builds asks for 3.26
    local version
    version=$("${CMAKE:-cmake}" --version 2>/dev/null | sed -n 's/^cmake version //p') && at_least 3.26 "${version:-0}"
}

missing() { # prints what is missing of what was asked for, a word each
    has_c || echo compiler
    has_mpi || echo mpi
    has_libclang || echo libclang
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
        command -v curl >/dev/null || [[ ! -x /usr/bin/apt-get ]] || say "first:    apt-get install curl ca-certificates   (as root)"
        say "get it:   curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
    fi
    say "(into your home folder, about a minute, no root needed), then run this again."
    exit 1
}

# ----------------------------------------------------------------------------------------------------- what hides it

warn_if_hidden() { # a conda environment's mpicc or HDF5 before the system's in PATH
    local tool path
    [[ -x /usr/bin/apt-get && -z ${HDF5_DIR:-} ]] || return 0
    for tool in mpicc h5pcc h5cc; do
        path=$(command -v $tool) || continue
        case $path in
            "${CONDA_PREFIX:-/nowhere}"/* | */*conda*/* | */*mamba*/*)
                say "warning: $path hides the system's $tool. The scripts here use the system's;"
                say "         for your own cargo build:   conda deactivate   (until $tool is gone)   or   . scripts/env.sh" ;;
            /usr/bin/* | /bin/*) ;;
            "$PWD"/*) ;;
            *)  say "warning: $path comes before the system's $tool and is used."
                say "         If that is not meant: take ${path%/*} out of PATH (module unload ...), or set HDF5_DIR if it is." ;;
        esac
    done
}

# ------------------------------------------------------------------------------------------------ Debian and Ubuntu

debian_packages() { # prints the packages of the things named, without those that are installed
    local thing package names=()
    for thing in "$@"; do
        case $thing in
            compiler) names+=(gcc make pkg-config) ;;
            mpi) names+=(libopenmpi-dev openmpi-bin) ;;
            hdf5) case $(mpicc -show 2>/dev/null) in *mpich*) names+=(libhdf5-mpich-dev) ;; *) names+=(libhdf5-openmpi-dev) ;; esac ;;
            libclang) names+=(libclang-dev clang) ;;
        esac
    done
    for package in "${names[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || echo "$package"
    done
}

can_apt() { # apt, and root or a sudo that either needs no password or can ask for it
    [[ -x /usr/bin/apt-get ]] || return 1
    [[ $EUID == 0 ]] && return
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || [[ -t 0 && -t 2 ]]
}

apt() {
    local root=()
    [[ $EUID == 0 ]] || root=(sudo)
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
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
    case $size in [5-9][0-9]*' MB' | [1-9][0-9][0-9]*' MB' | *GB) time='one to three minutes' ;; *) time='under a minute' ;; esac
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
    elif [[ -x /usr/bin/apt-get && $EUID == 0 ]]; then echo docs/install/debian.md
    else echo docs/install/no-root.md; fi
}

hint() { # THING PAGE: prints what is missing and how to get it there
    local name how
    case $1 in
        compiler) name="a C compiler and make" mac="xcode-select --install" modules="module load gcc" ;;
        mpi) name="MPI (mpicc that builds a program, and mpirun)" mac="brew install open-mpi" modules="module load openmpi" ;;
        hdf5) name="parallel HDF5 (a folder HDF5_DIR with include/ and lib/, built for the MPI of mpicc)"
            mac="brew install hdf5-mpi" modules="module avail hdf5, load the one for your MPI" ;;
        libclang) name="libclang" mac="xcode-select --install" modules="module load llvm (or clang)" ;;
        cmake) name="cmake 3.26 or newer" mac="brew install cmake" modules="module load cmake" ;;
    esac
    case $2 in
        *macos*) how=$mac ;;
        *cluster*) how=$modules ;;
        *) how="scripts/setup.sh --no-root, or your administrator" ;;
    esac
    printf '         %s\n           -> %s\n' "$name" "$how" >&2
}

explain() { # what is missing here, how to get it, and the page that says more
    local thing page
    page=$(page)
    say "missing on this machine:"
    for thing in "$@"; do hint "$thing" "$page"; done
    [[ $* != hdf5 ]] || say "or do without: scripts/setup.sh --bundled, and build with --no-default-features --features bundled-hdf5"
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
    say "installs $* into $folder (about a minute)"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" --quiet --disable-pip-version-check install "$@" || die "pip could not install $*"
    echo "$*" >"$folder/.complete"
    say "installed in $((SECONDS - started)) s"
}

# ------------------------------------------------------------------------------------------------------------- main

bundled='' readers='' no_root=''
for flag in "$@"; do
    case $flag in
        --bundled) bundled=yes ;;
        --readers) readers=yes ;;
        --no-root) no_root=yes bundled=yes ;;
        -h | --help) usage; exit ;;
        *) usage >&2; exit 2 ;;
    esac
done

[[ $no_root ]] || warn_if_hidden
. scripts/env.sh
check_rust
[[ ! $no_root ]] || python_venv no-root openmpi libclang cmake
. scripts/env.sh
if [[ $bundled ]] && ! has_cmake; then python_venv cmake cmake; fi
. scripts/env.sh
mapfile -t things < <(missing)
if ((${#things[@]})) && can_apt; then
    mapfile -t packages < <(debian_packages "${things[@]}")
    ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
    . scripts/env.sh
    mapfile -t things < <(missing)
fi
((${#things[@]} == 0)) || explain "${things[@]}"
[[ ! $readers ]] || python_venv readers h5py numpy vtk yt
