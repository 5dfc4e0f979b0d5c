"""Packages that are used where they are installed."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any


def need(module: str, what: str, package: str | None = None) -> Any:
    """The module, or an error that says for what it is needed and how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{what} needs {module}: pip install {package or module}") from error


def has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def table(path: Path, **how: Any) -> Any:
    """A CSV file as a pandas.DataFrame, each number as it was written, to the last bit."""
    pandas = need("pandas", path.name)
    # Later versions do so by themselves, and warn of being told.
    if tuple(int(part) for part in pandas.__version__.split(".")[:2]) < (3, 1):
        how["float_precision"] = "round_trip"
    return pandas.read_csv(path, **how)


def dataset(path: Path, what: str) -> Any:
    """A labelled file as an xarray.Dataset whose numbers are read when they are asked for."""
    xarray = need("xarray", what, "xarray h5netcdf")
    engines = [engine for module, engine in (("h5netcdf", "h5netcdf"), ("netCDF4", "netcdf4")) if has(module)]
    if not engines:
        raise ImportError(f"{what} needs h5netcdf or netCDF4 beside xarray: pip install h5netcdf")
    return xarray.open_dataset(path, engine=engines[0])
