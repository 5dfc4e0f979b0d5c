# shellcheck shell=sh
# What a build and a run of Divisi need in the environment. Source it in the root of the checkout: `. scripts/env.sh`
#
# Each variable is set only where it is unset, so whatever you or a module set stays:
#   HDF5_DIR                  the parallel HDF5 that belongs to the MPI of `mpicc`; unset it for the cargo feature `bundled-hdf5`
#   LIBCLANG_PATH             libclang, where it lies in a place that the build does not look at by itself
#   CMAKE                     a cmake new enough for the cargo feature `bundled-hdf5`, where setup.sh made one
#   OMPI_ALLOW_RUN_AS_ROOT*   for root (containers)
#   *oversubscribe            more ranks than cores are allowed: the tests start up to 7
# MPI, where it is set (make test MPI=openmpi5), names one of the MPIs that setup.sh puts side by side: openmpi4, openmpi5, mpich, mpich5.
#   Its mpicc and mpirun are then first in PATH, HDF5_DIR is that of this MPI or none, CARGO_TARGET_DIR is target/$MPI, and
#   DIVISI_FEATURES are the words for cargo.
# PATH gets cargo's folder, if cargo is not in it; the MPI of `setup.sh --no-root`, if there is one; and, where a conda
# environment's mpicc hides the system's, the system's folder first. POSIX sh: works in bash, dash and zsh.

divisi_set() { # NAME VALUE: exports it where the name is unset and the value is not empty
    eval "[ -n \"\${$1+set}\" ]" || [ -z "$2" ] || export "$1=$2"
}

divisi_is_parallel_hdf5() { # DIR
    grep -qs '^#define H5_HAVE_PARALLEL 1' "$1/include/H5pubconf.h" "$1/include/H5pubconf-64.h"
}

divisi_system_hdf5() { # prints where Debian keeps the parallel HDF5 of the system's mpicc
    case "$(mpicc -show 2>/dev/null)" in
        '') return 0 ;;
        *mpich*) divisi_mpi=mpich ;;
        *) divisi_mpi=openmpi ;;
    esac
    for divisi_dir in /usr/lib/*/hdf5/"$divisi_mpi"; do
        [ -d "$divisi_dir" ] && echo "$divisi_dir" && return
    done
    return 0
}

divisi_hdf5() { # prints the folder of the parallel HDF5 that goes with `mpicc`
    case "$(command -v mpicc)" in
        '') return 0 ;;
        /usr/bin/mpicc | /bin/mpicc | "$PWD"/target/mpich/bin/mpicc | "$PWD"/target/openmpi4/bin/mpicc) divisi_system=$(divisi_system_hdf5) ;;
        *) divisi_system= ;;
    esac
    divisi_wrapper=$(command -v h5pcc)
    for divisi_dir in "$divisi_system" "${HDF5_ROOT:-}" "${HDF5_HOME:-}" "${HDF5_BASE:-}" "${EBROOTHDF5:-}" \
        "${divisi_wrapper%/bin/h5pcc}" "${HOMEBREW_PREFIX:-/opt/homebrew}/opt/hdf5-mpi" /usr/local/opt/hdf5-mpi; do
        [ -n "$divisi_dir" ] && divisi_is_parallel_hdf5 "$divisi_dir" && echo "$divisi_dir" && return
    done
    return 0
}

divisi_has_libclang() { # DIRS: does one of them hold libclang?
    [ -n "$(find "$@" -maxdepth 1 \( -name 'libclang.*' -o -name 'libclang-[0-9]*' \) ! -name '*.a' 2>/dev/null)" ]
}

divisi_libclang() { # prints a folder with libclang that the build would miss
    for divisi_dir in "$PWD"/target/no-root/lib/python3*/site-packages/clang/native "${CONDA_PREFIX:-}/lib" \
        "${EBROOTCLANG:-}/lib" "${EBROOTLLVM:-}/lib" "${HOMEBREW_PREFIX:-/opt/homebrew}/opt/llvm/lib" \
        /usr/local/opt/llvm/lib; do
        divisi_has_libclang "$divisi_dir" && echo "$divisi_dir" && return
    done
    return 0
}

divisi_one_of_several() { # the MPI that is named MPI
    case ":$PATH:" in *":$PWD/target/$MPI/bin:"*) ;; *) PATH="$PWD/target/$MPI/bin:$PATH" ;; esac
    unset HDF5_DIR
    CARGO_TARGET_DIR="$PWD/target/$MPI"
    DIVISI_FEATURES=
    if [ -d "$CARGO_TARGET_DIR/mpi/lib" ]; then
        case ":${LD_LIBRARY_PATH:-}:" in *":$CARGO_TARGET_DIR/mpi/lib:"*) ;; *)
            LD_LIBRARY_PATH="$CARGO_TARGET_DIR/mpi/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;
        esac
        export LD_LIBRARY_PATH
        divisi_set CMAKE "$CARGO_TARGET_DIR/mpi/bin/cmake"
        DIVISI_FEATURES='--no-default-features --features bundled-hdf5,plot,solvers,compress'
    fi
    export PATH CARGO_TARGET_DIR DIVISI_FEATURES
}

divisi_no_root="$PWD/target/no-root"
if [ -n "${MPI:-}" ]; then
    divisi_one_of_several
elif [ -x "$divisi_no_root/bin/mpicc" ]; then
    case ":$PATH:" in *":$divisi_no_root/bin:"*) ;; *)
        PATH="$divisi_no_root/bin:$PATH"
        LD_LIBRARY_PATH="$divisi_no_root/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
        export LD_LIBRARY_PATH ;;
    esac
    # The wheel of libclang comes without the compiler's own headers (stddef.h and the like).
    divisi_set BINDGEN_EXTRA_CLANG_ARGS "-I$(cc -print-file-name=include 2>/dev/null)"
elif [ -z "${HDF5_DIR:-}" ] && [ -x /usr/bin/mpicc ]; then
    case "$(command -v mpicc)" in */*conda*/* | */*mamba*/* | "${CONDA_PREFIX:-/nowhere}"/*)
        PATH="/usr/bin:$PATH" ;;
    esac
fi
if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    case "$(command -v cargo)" in '' | /usr/bin/cargo) PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH" ;; esac
fi
export PATH

[ -n "${HDF5_DIR+set}" ] || [ -n "${DIVISI_FEATURES:-}" ] || divisi_set HDF5_DIR "$(divisi_hdf5)"
[ -n "${LIBCLANG_PATH+set}" ] || command -v llvm-config >/dev/null ||
    divisi_set LIBCLANG_PATH "$(divisi_libclang)"
[ ! -x "$PWD/target/cmake/bin/cmake" ] || divisi_set CMAKE "$PWD/target/cmake/bin/cmake"
if [ "$(id -u)" = 0 ]; then
    divisi_set OMPI_ALLOW_RUN_AS_ROOT 1
    divisi_set OMPI_ALLOW_RUN_AS_ROOT_CONFIRM 1
fi
divisi_set OMPI_MCA_rmaps_base_oversubscribe 1
divisi_set PRTE_MCA_rmaps_default_mapping_policy :oversubscribe
