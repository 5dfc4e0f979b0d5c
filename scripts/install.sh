#!/usr/bin/env bash
# Installs the program where PREFIX says, with completions for bash, zsh and fish, man pages, the job scripts, and modulefiles for Lmod (Lua)
# and for Environment Modules (Tcl). It builds first. DESTDIR is put before all paths, for those who make packages.
# A modulefile lies in PREFIX/share/modulefiles/divisi: `module use PREFIX/share/modulefiles`, `module load divisi`.
set -euo pipefail
prefix=${1:-}
[[ $prefix == /* ]] || { echo "install: give an absolute path: make install PREFIX=/opt/divisi" >&2; exit 2; }
cd "$(dirname "$0")/.."
scripts/setup.sh
. scripts/env.sh
# shellcheck disable=SC2086 # words
cargo build --release ${DIVISI_FEATURES:-}
built=${CARGO_TARGET_DIR:-target}/release/divisi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
root=${DESTDIR:-}$prefix
share=$root/share
modules=$share/modulefiles/divisi

install -d "$root/bin" "$share/divisi" "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
    "$share/fish/vendor_completions.d" "$modules"
install -m 755 "$built" "$root/bin/divisi"
install -m 644 jobscripts/* "$share/divisi"
"$built" completions bash >"$share/bash-completion/completions/divisi"
"$built" completions zsh >"$share/zsh/site-functions/_divisi"
"$built" completions fish >"$share/fish/vendor_completions.d/divisi.fish"
"$built" man "$share/man/man1"

# The MPI and the HDF5 of the build, by the modules that were loaded.
loaded=$(tr ':' '\n' <<<"${LOADEDMODULES:-}" | grep -i -E '^(openmpi|mpich|impi|intel-?mpi|mvapich2?|cray-mpich|hdf5)' || true)
mpi=$("$built" --version | sed -n 's/^MPI: *//p')
{
    printf 'help([[Divisi %s, built with %s]])\n' "$version" "$mpi"
    printf 'whatis("Name: divisi")\nwhatis("Version: %s")\n' "$version"
    printf 'whatis("Description: simulations that run as many MPI ranks, with the same bits on any number of them")\n'
    for module in $loaded; do printf 'depends_on("%s")\n' "$module"; done
    printf 'local root = "%s"\n' "$prefix"
    printf 'prepend_path("PATH", pathJoin(root, "bin"))\nprepend_path("MANPATH", pathJoin(root, "share/man"))\n'
    printf 'prepend_path("XDG_DATA_DIRS", pathJoin(root, "share"))\n'
    printf 'prepend_path("FPATH", pathJoin(root, "share/zsh/site-functions"))\n'
} >"$modules/$version.lua"
{
    printf '#%%Module1.0\n'
    printf 'proc ModulesHelp {} { puts stderr "Divisi %s, built with %s" }\n' "$version" "$mpi"
    printf 'module-whatis "divisi %s: simulations that run as many MPI ranks"\n' "$version"
    for module in $loaded; do printf 'prereq %s\n' "$module"; done
    printf 'set root {%s}\n' "$prefix"
    printf 'prepend-path PATH $root/bin\nprepend-path MANPATH $root/share/man\nprepend-path XDG_DATA_DIRS $root/share\n'
    printf 'prepend-path FPATH $root/share/zsh/site-functions\n'
} >"$modules/$version"
echo "installed Divisi $version in $prefix: module use $prefix/share/modulefiles; module load divisi/$version"
