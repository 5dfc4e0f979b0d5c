"""Starting runs: here, as ranks of an MPI, or as a Slurm job."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ._errors import Error
from ._job import Job, message_in
from ._program import environment, find_program, launcher, search_path, words_of
from ._run import Run

_Path = str | os.PathLike[str]


def run(
    file: _Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    ranks: int | None = None,
    until: float | str | None = None,
    steps: int | None = None,
    walltime: str | None = None,
    out: _Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = True,
    launcher: str | Sequence[str] | None = None,
) -> Run:
    """Runs a parameter file to its end and opens what it left.

    `parameters` stand over those of the file, as {"initial.n": 5000}; `until` is a time in the run's unit or such as "100 yr"; `out` is
    the run's folder (runs/NAME-OF-FILE). `ranks`: 1, or within a Slurm job as many as it has tasks; `launcher`: what starts them (mpirun,
    within a Slurm job srun; $DIVISI_LAUNCHER). `resume` goes on with the run in the folder, if there is one; `overwrite` replaces it.

    Ctrl-C stops the run with a checkpoint and raises `Interrupted`; the program's message is raised as `Error`. `Unfinished` warns of a run
    that ended before its end.
    """
    job = start(
        file,
        parameters,
        ranks=ranks,
        until=until,
        steps=steps,
        walltime=walltime,
        out=out,
        resume=resume,
        overwrite=overwrite,
        progress=progress,
        launcher=launcher,
    )
    return job.wait()


def start(
    file: _Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    ranks: int | None = None,
    until: float | str | None = None,
    steps: int | None = None,
    walltime: str | None = None,
    out: _Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = True,
    launcher: str | Sequence[str] | None = None,
) -> Job:
    """Starts a run as `run` does and returns at once: `.wait()` waits for it, `.stop()` stops it. Several may be at work."""
    words = ["run", os.fspath(file), *words_of(parameters or {}), *_end(until, steps, walltime)]
    words += [option for option, wanted in (("--resume", resume), ("--overwrite", overwrite)) if wanted]
    folder = Path("runs") / Path(file).stem if out is None else Path(out)
    return _start([*words, "--out", str(folder)], folder, ranks, launcher, progress)


def resume(
    run: Run | _Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    ranks: int | None = None,
    until: float | str | None = None,
    steps: int | None = None,
    walltime: str | None = None,
    retry_failed: bool = False,
    progress: bool = True,
    launcher: str | Sequence[str] | None = None,
) -> Run:
    """Goes on with a run from its newest whole checkpoint, or with a sweep from its journal, on any number of ranks.

    `until` and `steps` give it a later end; `retry_failed` runs those tasks of a sweep again that failed for good. All else as `run`.
    """
    folder = run.path if isinstance(run, Run) else Path(run)
    words = ["resume", str(folder), *words_of(parameters or {}), *_end(until, steps, walltime)]
    words += ["--retry-failed"] * retry_failed
    return _start(words, folder, ranks, launcher, progress).wait()


def sweep(
    plan: _Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    ranks: int | None = None,
    walltime: str | None = None,
    out: _Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = True,
    launcher: str | Sequence[str] | None = None,
) -> Run:
    """Runs the plan of a sweep and opens what it left: `.results` has a row for each task, `.cube` arrays along the parameters."""
    simulation = tomllib.loads(Path(plan).read_text()).get("simulation")
    if simulation != "sweep":
        raise Error(f"{os.fspath(plan)} is no plan of a sweep: its simulation is {simulation!r}; divisi.run runs it", 2)
    how: dict[str, Any] = {"resume": resume, "overwrite": overwrite, "progress": progress, "launcher": launcher}
    return start(plan, parameters, ranks=ranks, walltime=walltime, out=out, **how).wait()


def submit(
    file: _Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    ranks: int | None = None,
    nodes: int | None = None,
    time: str | None = None,
    out: _Path | None = None,
    options: Sequence[str] = (),
    script: _Path | None = None,
) -> str:
    """Submits a run as a Slurm job and returns the job's number; the job resumes by itself after its time limit.

    `ranks` and `nodes` are the job's, `time` its limit as Slurm writes it, `options` further ones of sbatch. `script` is another job
    script than that of the package.
    """
    sbatch = shutil.which("sbatch")
    if sbatch is None:
        raise FileNotFoundError("there is no sbatch here: submit on a login node of a cluster with Slurm")
    path = Path(script) if script is not None else _job_script()
    if not path.is_file():
        raise FileNotFoundError(f"there is no job script {path}: give the `script` of a checkout, jobscripts/run.sbatch")
    # The script asks for a number of its own on each node.
    on_each = None if ranks is None else math.ceil(ranks / (nodes or 1))
    asked = [("--ntasks", ranks), ("--ntasks-per-node", on_each), ("--nodes", nodes), ("--time", time)]
    words = [f"{name}={value}" for name, value in asked if value is not None]
    variables = dict(os.environ, PATH=search_path())
    if out is not None:
        variables["DIVISI_OUT"] = str(Path(out))
    variables.setdefault("DIVISI_PROGRAM", str(find_program()))
    command = [sbatch, "--parsable", *words, *options, str(path), os.fspath(file), *words_of(parameters or {})]
    done = subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Error((done.stderr + done.stdout).strip(), done.returncode, done.stderr)
    return re.split(r"[;\s]", done.stdout.strip())[0]


def _job_script() -> Path:
    """The job script: in the package, where it comes from a wheel, else in the checkout that the package is in."""
    package = Path(__file__).resolve().parent
    folder = package if (package / "jobscripts").is_dir() else package.parents[1]
    return folder / "jobscripts" / "run.sbatch"


def example(name: str | None = None, folder: _Path = ".") -> list[str]:
    """Writes a parameter file that comes with the program into a folder, with the data that it reads; their names.

    Without a name: the names that there are.
    """
    words = [str(find_program()), "example", *([name] if name is not None else ["--list"])]
    done = subprocess.run(words, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Error(message_in(done.stderr, done.returncode), done.returncode, done.stderr)
    return [line.split()[0] for line in done.stdout.splitlines() if line.strip()]


def _end(until: float | str | None, steps: int | None, walltime: str | None) -> list[str]:
    given = [("--until", until), ("--steps", steps), ("--walltime", walltime)]
    return [f"{option}={value}" for option, value in given if value is not None]


def _start(words: list[str], folder: Path, ranks: int | None, by: str | Sequence[str] | None, progress: bool) -> Job:
    count = ranks if ranks is not None else int(os.environ.get("SLURM_NTASKS", 1))
    if count < 1:
        raise ValueError(f"ranks is {count}: a run has at least one")
    command = [*launcher(count, by), str(find_program()), *words]
    return Job(command, folder, environment(count), progress)
