"""The posterior of an orbit fit: its samples as a table, in ArviZ and in orbitize."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ._optional import has, need, table


class Posterior:
    """Samples of a fit's parameters. `path`: their file, posterior.hdf5."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def names(self) -> list[str]:
        """The parameters, as `sma1` and `ecc1`."""
        with h5py.File(self.path) as file:
            return list(file["parameter_names"].asstr()[...])

    @cached_property
    def units(self) -> dict[str, str]:
        """The label of each parameter's unit; empty where there is none. Angles are in radians."""
        with h5py.File(self.path) as file:
            return dict(zip(self.names, file["parameter_units"].asstr()[...], strict=True))

    @property
    def samples(self) -> Any:
        """A pandas.DataFrame: a column for each parameter, `lnlike`, and `lnprior` and `weights` where they are there."""
        pandas = need("pandas", "Posterior.samples")
        with h5py.File(self.path) as file:
            table = pandas.DataFrame(file["post"][...], columns=self.names)
            for name in ("lnlike", "lnprior", "weights"):
                if name in file:
                    table[name] = file[name][...]
        table.attrs["units"] = self.units
        return table

    def __getitem__(self, parameter: str) -> NDArray[np.float64]:
        """All samples of a parameter."""
        with h5py.File(self.path) as file:
            return np.asarray(file["post"][:, self.names.index(parameter)])

    def __len__(self) -> int:
        with h5py.File(self.path) as file:
            return int(file["lnlike"].shape[0])

    @property
    def best(self) -> dict[str, float]:
        """The sample of the highest posterior density, or likelihood where the prior isn't known."""
        with h5py.File(self.path) as file:
            density = file["lnlike"][...] + (file["lnprior"][...] if "lnprior" in file else 0.0)
            return dict(zip(self.names, map(float, file["post"][int(np.argmax(density))]), strict=True))

    @property
    def summary(self) -> Any:
        """summary.csv as a pandas.DataFrame: medians and intervals, angles in degrees."""
        return table(self.path.with_name("summary.csv"), index_col="parameter")

    def arviz(self) -> Any:
        """The samples for ArviZ, which finds chains and draws in the file: a tree of datasets (ArviZ 1), or InferenceData (0.x)."""
        with h5py.File(self.path) as file:
            if "posterior" not in file:
                kind = "weighted" if "weights" in file else "without the groups that ArviZ reads: written by an older version"
                raise ValueError(f"the samples of {self.path} are {kind}; take `samples`")
            groups = {
                group: {name: data[...].T for name, data in file[group].items() if data.ndim == 2} for group in ("posterior", "sample_stats")
            }
            if "observed_data" in file:
                groups["observed_data"] = {name: data[...] for name, data in file["observed_data"].items() if data.dtype.kind in "if"}
        if has("arviz_base"):
            return need("arviz_base", "Posterior.arviz").convert_to_datatree(str(self.path))
        return need("arviz", "Posterior.arviz", "arviz-base").from_dict(**groups)

    def orbitize(self) -> Any:
        """The samples as orbitize.results.Results, with its plots."""
        with h5py.File(self.path) as file:
            basis = file.attrs.get("fitting_basis", "")
        if basis != "Standard":
            raise ValueError(f"the parameters of {self.path} aren't those of orbitize's standard basis, which it reads by their order alone")
        results = need("orbitize.results", "Posterior.orbitize", "orbitize").Results()
        results.load_results(str(self.path))
        return results

    def __repr__(self) -> str:
        return f"<Posterior of {len(self)} samples of {', '.join(self.names)}>"
