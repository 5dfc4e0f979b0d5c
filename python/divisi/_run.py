"""A run: its folder, opened. Each part is read when it is asked for, and again when it is asked for again: a run at work can be watched."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py

from . import _show
from ._errors import Error
from ._optional import dataset, table
from ._posterior import Posterior
from ._program import environment, find_program
from ._snapshot import Snapshot, in_unit, place_of, snapshot
from ._units import Scale


def open_run(path: str | os.PathLike[str]) -> Run:
    """Opens the folder of a run, or of a sweep, or of a task of a sweep that keeps its files."""
    return Run(path)


class Run:
    """A run or a sweep. `path`: its folder."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise FileNotFoundError(f"there is no folder {self.path}")
        if "made_by" not in self.config:
            raise ValueError(f"{self.path} holds no run: its config.toml is missing or has no [made_by]")

    # What the run is

    @property
    def config(self) -> dict[str, Any]:
        """All parameters as used, and in `made_by` the program, its version and the command."""
        try:
            return tomllib.loads((self.path / "config.toml").read_text())
        except FileNotFoundError:
            return {}

    @property
    def simulation(self) -> str:
        """What it computes: nbody, fluid, orbit, sweep .."""
        return str(self.config["simulation"])

    @property
    def ledger(self) -> dict[str, Any]:
        """How its time was spent: ranks, steps, seconds, rate, phases. Empty until it has ended."""
        path = self.path / "ledger.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    @property
    def status(self) -> str:
        """`done`, `goal missed`, `tasks failed`, `stopped` (it can be resumed), or `not finished`: at work, or killed."""
        words = {0: "done", 3: "tasks failed", 4: "goal missed", 85: "stopped"}
        outcome = self.path / "outcome"
        if outcome.exists() and self.simulation != "sweep":
            return outcome.read_text().strip()
        if (self.path / "lock").exists() or not (self.path / "journal").exists():
            return "not finished"
        status, _ = self._told("status")
        return words.get(status, "not finished")

    @property
    def log(self) -> str:
        """Its messages so far."""
        path = self.path / "run.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # Tables

    @property
    def history(self) -> Any:
        """history.csv as a pandas.DataFrame: global quantities over time."""
        return self._table("history.csv")

    @property
    def events(self) -> Any:
        """events.csv as a pandas.DataFrame: collisions, close encounters, escapes."""
        return self._table("events.csv")

    @property
    def results(self) -> Any:
        """Of a sweep: results.csv as a pandas.DataFrame, a row for each task."""
        return self._table("results.csv", index_col="task")

    @property
    def tasks(self) -> Any:
        """Of a sweep: tasks.csv as a pandas.DataFrame: which rank did what when, and how long it took."""
        return self._table("tasks.csv", index_col="task")

    def _table(self, name: str, **how: Any) -> Any:
        return table(self._file(name), **how)

    # Arrays with names, read when they are asked for

    @property
    def trajectory(self) -> Any:
        """trajectory.hdf5 as an xarray.Dataset along Time, Names (or ParticleIDs) and component."""
        return dataset(self._file("trajectory.hdf5"), "a trajectory as xarray")

    @property
    def grid(self) -> Any:
        """All snapshots of a grid as one xarray.Dataset along time, z, y and x."""
        return self._series("grid", ".vtkhdf")

    @property
    def bodies(self) -> Any:
        """All snapshots of bodies as one xarray.Dataset along time, particle and component."""
        return self._series("bodies", ".hdf5")

    @property
    def cube(self) -> Any:
        """Of a sweep: results.h5 as an xarray.Dataset, of a grid of parameters along each of them, else along task."""
        return dataset(self._file("results.h5"), "results as xarray")

    def _series(self, what: str, suffix: str) -> Any:
        paths = [path for path in self._snapshots() if path.suffix == suffix]
        if not paths:
            raise FileNotFoundError(f"{self.path} has no snapshots of {'a grid' if what == 'grid' else what}")
        if len(paths) == 1:
            return dataset(paths[0], "snapshots as xarray").expand_dims("time")
        return dataset(self._file("snapshots/series.vtkhdf"), "snapshots as xarray")

    def body(self, which: str | int) -> Track:
        """A body of the trajectory, by its name or its place: its way, with units."""
        return Track(self._file("trajectory.hdf5"), which)

    @property
    def posterior(self) -> Posterior:
        """Of an orbit fit: its samples."""
        return Posterior(self._file("posterior.hdf5"))

    # Snapshots

    @property
    def snapshots(self) -> list[Snapshot]:
        """All of them, in their order."""
        return list(self)

    def _snapshots(self) -> list[Path]:
        return sorted(path for path in (self.path / "snapshots").glob("snapshot_*") if path.suffix in (".hdf5", ".vtkhdf"))

    def __len__(self) -> int:
        return len(self._snapshots())

    def __bool__(self) -> bool:
        # One without snapshots is a run too.
        return True

    def __iter__(self) -> Iterator[Snapshot]:
        return (snapshot(path) for path in self._snapshots())

    def __getitem__(self, number: int) -> Any:
        """The snapshot of this number; -1 is the last."""
        paths = self._snapshots()
        if not -len(paths) <= number < len(paths):
            raise IndexError(f"there is no snapshot {number}: {self.path} has {len(paths)}")
        return snapshot(paths[number])

    # Pictures

    @property
    def figures(self) -> _show.Figures:
        """The pictures that `plot` has drawn; a notebook shows them."""
        return _show.Figures(sorted((self.path / "figures").glob("*.png")))

    def plot(self, *options: str) -> _show.Figures:
        """Draws the run as `divisi plot` does, with its options: `run.plot("--field", "mach")`. The pictures that it drew."""
        before = {path: path.stat().st_mtime_ns for path in (self.path / "figures").glob("*.png")}
        status, text = self._told("plot", *options)
        if status != 0:
            raise Error(text.removeprefix("divisi: ").strip(), status, text)
        drawn = (self.path / "figures").glob("*.png")
        return _show.Figures(sorted(path for path in drawn if path.stat().st_mtime_ns != before.get(path)))

    @property
    def report(self) -> _show.Report:
        """report.html, its page of figures and key numbers; a notebook shows it."""
        return _show.Report(self._file("report.html"))

    # The rest

    def _file(self, name: str) -> Path:
        path = self.path / name
        if not path.exists():
            raise FileNotFoundError(f"{self.path} has no {name}")
        return path

    def _told(self, command: str, *options: str) -> tuple[int, str]:
        """What a command of the program says of this run, and its exit status."""
        words = [str(find_program()), command, str(self.path), *options]
        done = subprocess.run(words, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
        return done.returncode, done.stderr + done.stdout

    def __repr__(self) -> str:
        return f"<Run {self.path}: {self.simulation}, {self.status}>"

    def _repr_html_(self) -> str:
        return _show.card(self)


class Track:
    """The way of one body through a run: (frames,) or (frames, 3) numbers with their units. NaN after its end."""

    def __init__(self, path: Path, which: str | int) -> None:
        self._path = path
        with h5py.File(path) as file:
            names = list(file["Names"].asstr()[...]) if "Names" in file else []
            self.place = place_of(which, names, int(file["ParticleIDs"].shape[0]))
            self.scale = Scale.of(file)
        self.name = str(names[self.place]) if names else ""

    @cached_property
    def time(self) -> Any:
        """The time of each frame."""
        with h5py.File(self._path) as file:
            return self.scale.quantity(file["Time"][...], time=1)

    @property
    def positions(self) -> Any:
        """(frames, 3)."""
        return self["Coordinates"]

    @property
    def velocities(self) -> Any:
        """(frames, 3)."""
        return self["Velocities"]

    @property
    def masses(self) -> Any:
        """(frames,)."""
        return self["Masses"]

    @property
    def x(self) -> Any:
        """(frames,): the position along x."""
        return self.positions[:, 0]

    @property
    def y(self) -> Any:
        """(frames,): the position along y."""
        return self.positions[:, 1]

    @property
    def z(self) -> Any:
        """(frames,): the position along z."""
        return self.positions[:, 2]

    def __getitem__(self, column: str) -> Any:
        with h5py.File(self._path) as file:
            return in_unit(self.scale, column, file[column][:, self.place], "")

    def __repr__(self) -> str:
        return f"<Track of {self.name or self.place}>"
