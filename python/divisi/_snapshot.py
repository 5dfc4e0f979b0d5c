"""Snapshots: the state of a run at one time. Bodies by their number, name or place; fields of a grid by their name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ._optional import dataset, need
from ._units import Scale, with_label

_BODIES = "PartType1"
_FIELDS = "data/grid_0000000000"


class Snapshot:
    """The state of a run at one time. `path`: its file; `step`: the number of steps; `scale`: its units."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with h5py.File(path) as file:
            about = dict(file["Header" if "Header" in file else "/"].attrs)
            self.scale = Scale.of(file)
        self._time = float(about["Time"])
        self.step = int(about["Step"])

    @property
    def time(self) -> Any:
        """Its time, with its unit."""
        return self.scale.quantity(self._time, time=1)

    def xarray(self) -> Any:
        """All of it as an xarray.Dataset, of which nothing is read before it is asked for."""
        return dataset(self.path, "a snapshot as xarray")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path.name}: step {self.step}, time {self._time:g} {self.scale.time[1]}".rstrip() + ">"


class Bodies(Snapshot):
    """The bodies at one time, in the order of their global index."""

    @cached_property
    def names(self) -> list[str]:
        """Their names; empty where bodies have none."""
        with h5py.File(self.path) as file:
            bodies = file[_BODIES]
            return [name.decode() for name in bodies["Names"][...]] if "Names" in bodies else []

    @property
    def ids(self) -> NDArray[np.uint64]:
        """The numbers by which they are known from snapshot to snapshot."""
        with h5py.File(self.path) as file:
            return np.asarray(file[_BODIES]["ParticleIDs"][...])

    @property
    def positions(self) -> Any:
        """(bodies, 3), with their unit."""
        return self["Coordinates"]

    @property
    def velocities(self) -> Any:
        """(bodies, 3), with their unit."""
        return self["Velocities"]

    @property
    def masses(self) -> Any:
        """(bodies,), with their unit."""
        return self["Masses"]

    @property
    def columns(self) -> list[str]:
        """What is known of each body: the names of the datasets."""
        with h5py.File(self.path) as file:
            return list(file[_BODIES])

    def __len__(self) -> int:
        with h5py.File(self.path) as file:
            return int(file[_BODIES]["ParticleIDs"].shape[0])

    def __iter__(self) -> Iterator[Body]:
        return (self.body(place) for place in range(len(self)))

    def __getitem__(self, what: str | int) -> Any:
        """A column by its name, as "Masses"; a body by its name or place."""
        if isinstance(what, str) and what in self.columns:
            return self._read(what, ...)
        return self.body(what)

    def body(self, which: str | int) -> Body:
        """One body, by its name or its place."""
        return Body(self, place_of(which, self.names, len(self)))

    def _read(self, name: str, which: Any) -> Any:
        with h5py.File(self.path) as file:
            column = file[_BODIES][name]
            return in_unit(self.scale, name, column[which], _label(column))

    def yt(self) -> Any:
        """The snapshot in yt, with its units."""
        yt = need("yt", "Bodies.yt")
        need("divisi._yt", "Bodies.yt")  # where the package isn't installed yt doesn't know of it
        return yt.load(str(self.path))


class Body:
    """One body of a snapshot."""

    def __init__(self, snapshot: Bodies, place: int) -> None:
        self.snapshot = snapshot
        self.place = place

    @property
    def name(self) -> str:
        """Its name; empty where bodies have none."""
        return self.snapshot.names[self.place] if self.snapshot.names else ""

    @property
    def id(self) -> int:
        """The number by which it is known from snapshot to snapshot."""
        return int(self["ParticleIDs"])

    @property
    def position(self) -> Any:
        """(3,), with its unit."""
        return self["Coordinates"]

    @property
    def velocity(self) -> Any:
        """(3,), with its unit."""
        return self["Velocities"]

    @property
    def mass(self) -> Any:
        """With its unit."""
        return self["Masses"]

    def __getitem__(self, column: str) -> Any:
        """What a column says of it."""
        return self.snapshot._read(column, self.place)

    def __repr__(self) -> str:
        return f"<Body {self.name or self.place} of {self.snapshot.path.name}>"


class Grid(Snapshot):
    """The fields of a grid at one time, of shape (nz, ny, nx)."""

    @property
    def fields(self) -> list[str]:
        """Their names."""
        with h5py.File(self.path) as file:
            return list(file[_FIELDS])

    def __getitem__(self, field: str) -> Any:
        """A field by its name, with its unit."""
        with h5py.File(self.path) as file:
            if field not in file[_FIELDS]:
                raise KeyError(f"there is no field {field!r}, only {', '.join(file[_FIELDS])}")
            data = file[_FIELDS][field]
            return with_label(data[...], _label(data))

    def yt(self) -> Any:
        """The snapshot in yt, which finds its units by itself."""
        return need("yt", "Grid.yt").load(str(self.path))


def snapshot(path: Path) -> Snapshot:
    """The snapshot in a file, of bodies or of a grid."""
    return Grid(path) if path.suffix == ".vtkhdf" else Bodies(path)


def place_of(which: str | int, names: list[str], count: int) -> int:
    """The place of a body, which is given by its name or its place."""
    if isinstance(which, str):
        if which not in names:
            known = ", ".join(names[:20]) or "none: give a place"
            raise KeyError(f"there is no body {which!r}; names are {known}")
        return names.index(which)
    if not -count <= which < count:
        raise IndexError(f"there is no body {which}: there are {count}")
    return which % count


def in_unit(scale: Scale, name: str, numbers: Any, label: str) -> Any:
    """A column of bodies with its unit: by what it is, else by its label."""
    powers = {"Coordinates": {"length": 1}, "Radius": {"length": 1}, "Velocities": {"length": 1, "time": -1}, "Masses": {"mass": 1}}
    if name in powers:
        return scale.quantity(numbers, **powers[name])
    if np.asarray(numbers).dtype.kind == "S":
        return np.char.decode(numbers, "utf-8")
    return with_label(numbers, label) if label else np.asarray(numbers)


def _label(data: Any) -> str:
    value = data.attrs.get("unit", b"")
    return value.decode() if isinstance(value, bytes) else str(value)
