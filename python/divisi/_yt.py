"""Snapshots of bodies in yt, with the units and the box that its reader of GADGET's files has to be told: they are in the file.

yt asks this reader by itself wherever the package is installed (entry point `yt.frontends` of pyproject.toml).
"""

from __future__ import annotations

import os
from typing import Any

import h5py
import numpy as np
from yt.frontends.gadget.api import GadgetHDF5Dataset

from ._units import Scale


class DivisiBodiesDataset(GadgetHDF5Dataset):  # type: ignore[misc]  # yt has no types
    """GADGET's layout; units and box are the file's, where others aren't given."""

    def __init__(self, filename: str | os.PathLike[str], *positional: Any, **given: Any) -> None:
        with h5py.File(filename) as file:
            scale, places = Scale.of(file), file["PartType1/Coordinates"][...]
        room = 0.05 * np.ptp(places) or 1.0
        given.setdefault("unit_base", scale.unit_base)
        given.setdefault("bounding_box", np.stack([places.min(axis=0) - room, places.max(axis=0) + room], axis=1))
        super().__init__(filename, *positional, **given)

    @classmethod
    def _is_valid(cls, filename: str, *_: Any, **__: Any) -> bool:
        try:
            with h5py.File(filename) as file:
                return bytes(file["Header"].attrs["Software"]).startswith(b"divisi ") and "PartType1/Coordinates" in file
        except (OSError, KeyError, TypeError):
            return False
