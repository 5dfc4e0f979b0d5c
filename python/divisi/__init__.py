"""Divisi's simulations from Python: start them, stop them, and open what they leave.

    import divisi

    run = divisi.run("plummer.toml", {"initial.n": 5000}, ranks=4, until=10, out="runs/plummer")
    run = divisi.open("runs/plummer")          # later, or a run of somebody else's
    run.history.plot("time", "energy_error")   # a table of pandas
    run[-1].positions                          # the last snapshot's bodies, with their unit

Nothing of a run is read before it is asked for. The package needs h5py, numpy and cloudpickle; pandas, xarray, astropy or unyt, ArviZ, yt, orbitize and
tqdm are used where they are installed, and are named where one is missing.
"""

from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION

from ._errors import Error, Interrupted, NoPython, PoolBroken, PoolError, ResultError, TimedOut, Unfinished, WorkerDied
from ._future import Future, Shared, as_completed, wait
from ._job import Job
from ._launch import example, resume, run, start, submit, sweep
from ._pool import Pool
from ._posterior import Posterior
from ._program import find_program
from ._run import Run
from ._run import open_run as open
from ._snapshot import Bodies, Body, Grid, Snapshot
from ._task import keep, task, this_task, value
from ._units import use_units

__version__ = "0.1.0"

__all__ = [
    "ALL_COMPLETED",
    "Bodies",
    "Body",
    "Error",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "Future",
    "Grid",
    "Interrupted",
    "Job",
    "NoPython",
    "Pool",
    "PoolBroken",
    "PoolError",
    "Posterior",
    "ResultError",
    "Run",
    "Shared",
    "Snapshot",
    "TimedOut",
    "Unfinished",
    "WorkerDied",
    "as_completed",
    "example",
    "find_program",
    "keep",
    "open",
    "resume",
    "run",
    "start",
    "submit",
    "sweep",
    "task",
    "this_task",
    "use_units",
    "value",
    "wait",
]
