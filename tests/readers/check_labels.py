#!/usr/bin/env python3
"""Opens the HDF5 files of runs with xarray, and those that are theirs with pynbody and ArviZ, and compares what each sees with h5py.

    check_labels.py RUN ...    what each run's folder has of: snapshots, series.vtkhdf, trajectory.hdf5, results.h5, posterior.hdf5

Nothing is told to the readers: which engine, which units, which dimensions.
"""

import argparse
import pathlib
import warnings

import h5py
import numpy as np
import xarray


def expect(claim, path, what):
    if not claim:
        raise SystemExit(f"{path}: {what}")


def same(seen, numbers, path, what):
    seen = np.asarray(seen)
    expect(seen.shape == numbers.shape, path, f"{what} has the shape {seen.shape}, not {numbers.shape}")
    expect(np.array_equal(seen, numbers, equal_nan=numbers.dtype.kind == "f"), path, f"{what} has other numbers")


def opened(path, **how):
    """The file in xarray, which has to ask for nothing, and to warn of nothing but GDF's tables: those of a grid have no axes."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="The 'phony_dims' kwarg")
        return xarray.open_dataset(path, **how)


def units(file):
    return dict(file["Units"].attrs)


def check_unit(array, dataset, path):
    told = dataset.attrs["unit"].decode().split(" (")[0]
    expect(array.attrs.get("units", "") == told, path, f"{array.name} is in {array.attrs.get('units')}, not in {told!r}")


def check_grid(path):
    with opened(path) as seen, h5py.File(path) as file:
        about = dict(file["simulation_parameters"].attrs)
        for axis, name in enumerate("xyz"):
            low, high, cells = (about[key][axis] for key in ("domain_left_edge", "domain_right_edge", "domain_dimensions"))
            centres = low + (np.arange(cells) + 0.5) * ((high - low) / cells)
            expect(np.allclose(seen[name], centres, rtol=1e-14, atol=1e-300), path, f"cells lie elsewhere along {name}")
            expect(seen[name].attrs["axis"] == name.upper(), path, f"{name} is another axis")
        expect(float(seen.time) == file.attrs["Time"], path, "another time")
        for name, data in file["data/grid_0000000000"].items():
            expect(seen[name].dims == ("z", "y", "x"), path, f"{name} has the dimensions {seen[name].dims}")
            same(seen[name], data[...], path, name)
            check_unit(seen[name], data, path)
            expect("time" in seen[name].coords, path, f"{name} has no time")
    return "grid"


def check_bodies(path):
    with opened(path) as seen, h5py.File(path) as file:
        expect(float(seen.time) == file["Header"].attrs["Time"], path, "another time")
        for name, data in file["PartType1"].items():
            wanted = ("particle", "component")[: data.ndim]
            expect(seen[name].dims == wanted, path, f"{name} has the dimensions {seen[name].dims}")
            if data.dtype.kind == "S":
                same(seen[name].astype("S"), data[...], path, name)
            else:
                same(seen[name], data[...], path, name)
                check_unit(seen[name], data, path)
        same(seen.Coordinates.sel(component="y"), file["PartType1/Coordinates"][:, 1], path, "y")
    check_pynbody(path)
    return "bodies"


def check_pynbody(path):
    import pynbody

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        snapshot = pynbody.load(str(path))
        position, speed, mass = (snapshot.dm[name] for name in ("pos", "vel", "mass"))
    with h5py.File(path) as file:
        bodies, scale, time = file["PartType1"], units(file), file["Header"].attrs["Time"]
        for array, name, unit, key in [
            (position, "Coordinates", "cm", "UnitLength_in_cm"),
            (speed, "Velocities", "cm s**-1", "UnitVelocity_in_cm_per_s"),
            (mass, "Masses", "g", "UnitMass_in_g"),
        ]:
            wanted = bodies[name][...] * scale[key]
            seen = np.asarray(array.in_units(unit))
            expect(np.allclose(seen, wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max()), path, f"pynbody sees other {name} in {unit}")
        seconds = snapshot.properties["time"].in_units("s")
        expect(np.isclose(seconds, time * scale["UnitTime_in_s"], rtol=1e-6, atol=0), path, f"pynbody sees the time {seconds} s")


def check_series(path):
    folder = path.parent
    # A series goes forward in time, also of a run that goes back.
    snapshots = sorted(folder.glob("snapshot_*"), key=lambda name: float(opened(name).time))
    with opened(path) as seen:
        times = []
        for step, name in enumerate(snapshots):
            with opened(name) as snapshot:
                times.append(float(snapshot.time))
                for field in seen.data_vars:
                    if field in snapshot:
                        expect(seen[field].dims == ("time", *snapshot[field].dims), path, f"{field} has the dimensions {seen[field].dims}")
                        same(seen[field][step], snapshot[field].values, path, field)
                        expect(seen[field].attrs.get("units") == snapshot[field].attrs.get("units"), path, f"{field} is in other units")
        same(seen.time, np.array(times), path, "time")
        expect(len(seen.data_vars) > 2, path, "there are no fields")
    return f"series of {len(snapshots)}"


def check_trajectory(path):
    with opened(path) as seen, h5py.File(path) as file:
        body = "Names" if "Names" in file else "ParticleIDs"
        same(seen.Time, file["Time"][...], path, "Time")
        for name in ("Coordinates", "Velocities", "Masses"):
            wanted = ("Time", body, "component")[: file[name].ndim]
            expect(seen[name].dims == wanted, path, f"{name} has the dimensions {seen[name].dims}")
            same(seen[name], file[name][...], path, name)
            check_unit(seen[name], file[name], path)
        check_unit(seen.Time, file["Time"], path)
        last = seen[body].values[-1]
        same(seen.Coordinates.sel({body: last, "component": "z"}), file["Coordinates"][:, -1, 2], path, f"z of {last}")
    return "trajectory"


def check_results(path):
    with h5py.File(path) as file, opened(path, group="results") as table, opened(path) as seen:
        columns = file["results"]
        for name, column in columns.items():
            expect(table[name].dims == ("task",), path, f"{name} has the dimensions {table[name].dims}")
            if column.dtype.kind in "iuf":
                same(table[name], column[...], path, name)
        if "task" in seen.dims:
            expect(set(seen.variables) == set(columns), path, "the root has other columns")
            return "results"
        for name in seen.data_vars:
            same(seen[name], columns[name][...].reshape([seen.sizes[axis] for axis in seen.dims]), path, name)
        axes = list(seen.task.dims)
        for task in {0, len(columns["task"]) // 2, len(columns["task"]) - 1}:
            value = lambda name: columns[name].asstr()[task] if columns[name].dtype.kind in "SO" else columns[name][task]
            where = {name: value(name) for name in axes}
            expect(int(seen.task.sel(where)) == task, path, f"at {where} is another task")
    return f"results along {', '.join(axes)}"


def check_posterior(path):
    import arviz_base

    with h5py.File(path) as file:
        if "weights" in file:
            expect("posterior" not in file, path, "ArviZ would count all samples alike")
            return "weighted posterior"
        tree = arviz_base.convert_to_datatree(str(path))
        posterior = tree["posterior"].dataset
        names, post = list(file["parameter_names"].asstr()), file["post"][...]
        expect(set(posterior.data_vars) == set(names), path, f"ArviZ sees {list(posterior.data_vars)}")
        draws, chains = posterior.sizes["draw"], posterior.sizes["chain"]
        for column, name in enumerate(names):
            expect(set(posterior[name].dims) == {"chain", "draw"}, path, f"{name} has the dimensions {posterior[name].dims}")
            same(posterior[name].transpose("draw", "chain"), post[:, column].reshape(draws, chains), path, name)
        if "chain" in file:
            expect(chains == file["chain"].shape[1], path, f"ArviZ sees {chains} chains")
            same(posterior[names[0]].isel(draw=-1), file["chain"][-1, :, 0], path, "the last step")
        stats = tree["sample_stats"].dataset
        same(stats.lp.transpose("draw", "chain"), (file["lnlike"][...] + file["lnprior"][...]).reshape(draws, chains), path, "lp")
        observed = tree["observed_data"].dataset
        for name in file["data"].dtype.names:
            expect(observed[name].dims == ("observation",), path, f"{name} has the dimensions {observed[name].dims}")
            column = file["data"][name]
            same(observed[name].astype("S") if column.dtype.kind == "S" else observed[name], column, path, name)
        expect(arviz_base.extract(tree).sizes["sample"] == len(post), path, "ArviZ extracts other samples")
    return f"posterior of {chains} chains"


CHECKS = {
    "snapshots/snapshot_*.vtkhdf": check_grid,
    "snapshots/snapshot_*.hdf5": check_bodies,
    "snapshots/series.vtkhdf": check_series,
    "trajectory.hdf5": check_trajectory,
    "results.h5": check_results,
    "posterior.hdf5": check_posterior,
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("runs", nargs="+", type=pathlib.Path)
    for run in arguments.parse_args().runs:
        told = [check(path) for pattern, check in CHECKS.items() for path in sorted(run.glob(pattern))]
        expect(told, run, "there is nothing to open")
        print(f"{run}: {', '.join(dict.fromkeys(told))}: the same by xarray, pynbody and ArviZ as by h5py")


if __name__ == "__main__":
    main()
