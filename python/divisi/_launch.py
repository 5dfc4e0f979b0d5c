"""Starting runs: here, as ranks of an MPI, or as a Slurm job."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ._errors import Error
from ._job import Job, message_in
from ._program import environment, find_program, launcher, words_of
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
    until: float | str | None = None,
    steps: int | None = None,
    out: _Path | None = None,
    resume: bool = False,
    account: str | None = None,
    partition: str | None = None,
    array: str | None = None,
    chain: int | None = None,
    name: str | None = None,
    cluster: _Path | None = None,
    options: Sequence[str] = (),
) -> str:
    """Submits a run or the plan of a sweep as a Slurm job, as the command `divisi submit` does, and returns the job's number.

    The job stops with a checkpoint before its limit and goes on by itself. `ranks` are those of all `nodes` together, `time` is the job's
    limit, `out` the run's folder (runs/NAME-OF-FILE), where script and log are too. `array` ("0-9") makes a run for each number, which stands
    for {array} in the values of parameters; `chain` makes so many jobs, one after the other: the number is that of the last. `cluster` is the
    cluster's file, where it isn't found by itself, and `options` are further ones of sbatch.
    """
    given: list[tuple[str, Any]] = [("ranks", ranks), ("nodes", nodes), ("time", time), ("out", out), ("account", account)]
    given += [("partition", partition), ("array", array), ("chain", chain), ("name", name), ("cluster", cluster)]
    words = [f"--{option}={value}" for option, value in given if value is not None]
    words += [f"--option={option}" for option in options] + ["--resume"] * resume
    told = _told_by(["submit", os.fspath(file), *words_of(parameters or {}), *_end(until, steps, None), *words])
    return told.splitlines()[0].split()[-1]


def example(name: str | None = None, folder: _Path = ".") -> list[str]:
    """Writes a parameter file that comes with the program into a folder, with the data that it reads; their names.

    Without a name: the names that there are.
    """
    told = _told_by(["example", *([name] if name is not None else ["--list"])], folder)
    return [line.split()[0] for line in told.splitlines() if line.strip()]


def _told_by(words: list[str], folder: _Path = ".") -> str:
    """What a command of the program prints."""
    command = [str(find_program()), *words]
    done = subprocess.run(command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Error(message_in(done.stderr, done.returncode), done.returncode, done.stderr)
    return done.stdout


def _end(until: float | str | None, steps: int | None, walltime: str | None) -> list[str]:
    given = [("--until", until), ("--steps", steps), ("--walltime", walltime)]
    return [f"{option}={value}" for option, value in given if value is not None]


def _start(words: list[str], folder: Path, ranks: int | None, by: str | Sequence[str] | None, progress: bool) -> Job:
    count = ranks if ranks is not None else int(os.environ.get("SLURM_NTASKS", 1))
    if count < 1:
        raise ValueError(f"ranks is {count}: a run has at least one")
    command = [*launcher(count, by), str(find_program()), *words]
    return Job(command, folder, environment(count), progress)
