#!/usr/bin/env python3
"""Opens snapshots of grids with the tools that people have, and compares what each of them sees.

    check_grid.py SNAPSHOT.vtkhdf ...        each opens in h5py, VTK (as in ParaView) and yt with the same numbers in the same cells
    check_grid.py --series SNAPSHOTS-FOLDER  series.vtkhdf and series.xmf show every snapshot at its time in VTK
"""

import argparse
import pathlib

import h5py
import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
from vtkmodules.vtkIOHDF import vtkHDFReader
from vtkmodules.vtkIOXdmf2 import vtkXdmfReader
import vtkmodules.vtkCommonDataModel  # noqa: F401  (registers the data types that the readers return)

VELOCITY = ["velocity_x", "velocity_y", "velocity_z"]


def expect(claim, path, what):
    if not claim:
        raise SystemExit(f"{path}: {what}")


class Snapshot:
    """The fields of a snapshot, its grid and its time, as h5py sees them."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            self.fields = {name: data[...] for name, data in file["data/grid_0000000000"].items()}
            self.units = {name: data.attrs["unit"].decode() for name, data in file["data/grid_0000000000"].items()}
            about = dict(file["simulation_parameters"].attrs)
            self.time, self.scale = float(file.attrs["Time"]), dict(file["Units"].attrs)
        self.cells = [int(cells) for cells in about["domain_dimensions"]]
        self.low, self.high = about["domain_left_edge"], about["domain_right_edge"]
        self.told = about

    @property
    def spacing(self):
        return (self.high - self.low) / self.cells

    @property
    def vectors(self):
        """The velocity as one array, if all of its components are there."""
        if not all(name in self.fields for name in VELOCITY):
            return {}
        return {"velocity": np.stack([self.fields[name] for name in VELOCITY], axis=-1)}


def check_layout(path):
    snapshot = Snapshot(path)
    expect(snapshot.fields, path, "there are no fields")
    for name, numbers in snapshot.fields.items():
        expect(numbers.shape == tuple(snapshot.cells[::-1]), path, f"{name} has shape {numbers.shape}")
        kind = np.uint8 if name == "solid" else np.float64
        expect(numbers.dtype == kind and np.isfinite(numbers).all(), path, f"{name} is not {kind.__name__}, finite everywhere")
    expect(snapshot.told["current_time"] == snapshot.time, path, "two times are told of")
    expect((snapshot.spacing > 0).all(), path, "the box has no width")


def check_image(image, snapshot, path):
    """The grid and all fields, bit for bit, in the order of VTK's cells."""
    image = image.GetPartition(0) if image.IsA("vtkPartitionedDataSet") else image
    points = [cells + 1 for cells in snapshot.cells]
    expect(list(image.GetDimensions()) == points, path, f"VTK sees {image.GetDimensions()} points, not {points}")
    expect(np.allclose(image.GetOrigin(), snapshot.low, rtol=1e-14), path, "VTK sees another corner")
    expect(np.allclose(image.GetSpacing(), snapshot.spacing, rtol=1e-14), path, "VTK sees other cells")
    for name, numbers in (snapshot.fields | snapshot.vectors).items():
        array = image.GetCellData().GetArray(name)
        expect(array is not None, path, f"VTK doesn't see {name}")
        seen = vtk_to_numpy(array).reshape(numbers.shape)
        expect((seen == numbers).all(), path, f"VTK sees other {name}")


def check_vtk(path):
    reader = vtkHDFReader()
    expect(reader.CanReadFile(str(path)), path, "VTK cannot read it")
    reader.SetFileName(str(path))
    reader.Update()
    check_image(reader.GetOutputDataObject(0), Snapshot(path), path)


def check_yt(path):
    import yt

    yt.set_log_level("error")
    snapshot, data = Snapshot(path), yt.load(str(path))
    expect(np.isclose(float(data.current_time.to("code_time")), snapshot.time, rtol=1e-14), path, "yt sees another time")
    seconds = snapshot.time * snapshot.scale["UnitTime_in_s"]
    expect(np.isclose(float(data.current_time.to("s")), seconds, rtol=1e-12), path, "yt sees another time in s")
    grid = data.covering_grid(0, data.domain_left_edge, data.domain_dimensions)
    for name, numbers in snapshot.fields.items():
        seen = np.asarray(grid["gdf", name]).transpose(2, 1, 0)
        expect(np.array_equal(seen, numbers), path, f"yt sees other {name}")
    # each place holds the cell whose centre is there, in cm
    centres = [(snapshot.low[axis] + (np.arange(cells) + 0.5) * snapshot.spacing[axis]) for axis, cells in enumerate(snapshot.cells)]
    for axis, name in enumerate("xyz"):
        wanted = np.expand_dims(centres[axis], [other for other in range(3) if other != axis])
        seen = grid["index", name].to("cm").v / snapshot.scale["UnitLength_in_cm"]
        expect(np.allclose(seen, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max()), path, f"yt sees other places {name}")
    if "density" in snapshot.fields:
        density = snapshot.scale["UnitMass_in_g"] / snapshot.scale["UnitLength_in_cm"] ** 3
        seen = np.asarray(grid["gas", "density"].to("g/cm**3")).transpose(2, 1, 0)
        expect(np.allclose(seen, snapshot.fields["density"] * density, rtol=1e-12), path, "yt sees another density in g/cm³")


def check_series(folder):
    snapshots = {path: Snapshot(path) for path in sorted(folder.glob("snapshot_*.vtkhdf"))}
    path = folder / "series.vtkhdf"
    reader = vtkHDFReader()
    expect(reader.CanReadFile(str(path)), path, "VTK cannot read it")
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    expect(reader.GetNumberOfSteps() == len(snapshots), path, f"VTK sees {reader.GetNumberOfSteps()} of {len(snapshots)} times")
    for step, (name, snapshot) in enumerate(snapshots.items()):
        reader.SetStep(step)
        reader.Update()
        expect(reader.GetTimeValue() == snapshot.time, path, f"step {step} has another time than {name}")
        check_image(reader.GetOutputDataObject(0), snapshot, f"{path}, step {step}")
    check_xdmf(folder / "series.xmf", snapshots)
    print(f"{folder}: {len(snapshots)} times in series.vtkhdf and series.xmf, as in the snapshots")


def check_xdmf(path, snapshots):
    reader = vtkXdmfReader()
    expect(reader.CanReadFile(str(path)), path, "VTK cannot read it")
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    key = vtkStreamingDemandDrivenPipeline.TIME_STEPS()
    times = reader.GetOutputInformation(0).Get(key)
    expect(list(times) == [snapshot.time for snapshot in snapshots.values()], path, f"VTK sees the times {times}")
    for time, snapshot in zip(times, snapshots.values()):
        reader.UpdateTimeStep(time)
        check_image(reader.GetOutputDataObject(0), snapshot, f"{path}, time {time}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("snapshots", nargs="*", type=pathlib.Path)
    arguments.add_argument("--series", type=pathlib.Path)
    arguments = arguments.parse_args()
    for path in (path for path in arguments.snapshots if path.name != "series.vtkhdf"):
        for check in check_layout, check_vtk, check_yt:
            check(path)
        snapshot = Snapshot(path)
        cells, names = " x ".join(map(str, snapshot.cells)), ", ".join(snapshot.fields)
        print(f"{path}: {cells} cells at time {snapshot.time}, {names}: the same in h5py, VTK and yt")
    if arguments.series:
        check_series(arguments.series)


if __name__ == "__main__":
    main()
