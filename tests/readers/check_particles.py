#!/usr/bin/env python3
"""Opens snapshots of bodies with the tools that people have, and compares what each of them sees.

    check_particles.py SNAPSHOT.hdf5 ...            each opens in h5py, VTK (as in ParaView) and yt with the same numbers
    check_particles.py --series SNAPSHOTS-FOLDER    series.vtkhdf shows every snapshot at its time in VTK
"""

import argparse
import pathlib

import h5py
import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOHDF import vtkHDFReader
import vtkmodules.vtkCommonDataModel  # noqa: F401  (registers the data types that the reader returns)


def columns(path):
    """All columns of a snapshot, its time and its units, as h5py sees them."""
    with h5py.File(path, "r") as file:
        header, units = dict(file["Header"].attrs), dict(file["Units"].attrs)
        bodies = {name: data[...] for name, data in file["PartType1"].items()}
    return bodies, header, units


def expect(claim, path, what):
    if not claim:
        raise SystemExit(f"{path}: {what}")


def check_layout(path):
    bodies, header, units = columns(path)
    count = len(bodies["ParticleIDs"])
    expect(bodies["ParticleIDs"].dtype == np.uint64, path, "ParticleIDs are not u64")
    for name, shape in {"Coordinates": (count, 3), "Velocities": (count, 3), "Masses": (count,)}.items():
        expect(bodies[name].shape == shape, path, f"{name} has shape {bodies[name].shape}, not {shape}")
        expect(np.isfinite(bodies[name]).all(), path, f"{name} is not finite everywhere")
    expect(np.unique(bodies["ParticleIDs"]).size == count, path, "two bodies have the same id")
    total = int(header["NumPart_Total"][1]) + (int(header["NumPart_Total_HighWord"][1]) << 32)
    expect(total == count, path, f"the header tells of {total} bodies, there are {count}")
    speed = units["UnitLength_in_cm"] / units["UnitTime_in_s"]
    expect(np.isclose(speed, units["UnitVelocity_in_cm_per_s"], rtol=1e-14), path, "the units disagree")


def vtk_points(reader):
    data = reader.GetOutputDataObject(0)
    return data.GetPartition(0) if data.IsA("vtkPartitionedDataSet") else data


def same_in_vtk(points, bodies, path):
    """Positions and all columns of numbers, bit for bit."""
    count = len(bodies["Coordinates"])
    expect(points.GetNumberOfPoints() == count, path, f"VTK sees {points.GetNumberOfPoints()} points, not {count}")
    expect(points.GetNumberOfCells() == 1, path, "VTK doesn't see all points as one cell")
    expect((vtk_to_numpy(points.GetPoints().GetData()) == bodies["Coordinates"]).all(), path, "VTK sees other positions")
    for name, numbers in bodies.items():
        if name == "Coordinates" or numbers.dtype.kind == "S":
            continue
        array = points.GetPointData().GetArray(name)
        expect(array is not None, path, f"VTK doesn't see {name}")
        expect((vtk_to_numpy(array) == numbers).all(), path, f"VTK sees other {name}")


def check_vtk(path):
    reader = vtkHDFReader()
    expect(reader.CanReadFile(str(path)), path, "VTK cannot read it")
    reader.SetFileName(str(path))
    reader.Update()
    same_in_vtk(vtk_points(reader), columns(path)[0], path)


def check_yt(path):
    import yt

    yt.set_log_level("error")
    bodies, header, units = columns(path)
    position = bodies["Coordinates"]
    room = 0.05 * np.ptp(position) + 1e-300
    box = np.stack([position.min(axis=0) - room, position.max(axis=0) + room], axis=1)
    names = ["UnitLength_in_cm", "UnitMass_in_g", "UnitVelocity_in_cm_per_s"]
    data = yt.load(str(path), unit_base={name: float(units[name]) for name in names}, bounding_box=box)
    everything = data.all_data()
    seen = {name: everything["PartType1", name] for name in ["ParticleIDs", "Coordinates", "Velocities", "Masses"]}
    order, mine = np.argsort(np.asarray(seen["ParticleIDs"])), np.argsort(bodies["ParticleIDs"])
    for name, unit in [("Coordinates", "code_length"), ("Velocities", "code_velocity"), ("Masses", "code_mass")]:
        # yt keeps GADGET's numbers in single precision
        scale = np.abs(bodies[name]).max()
        same = np.allclose(seen[name].to(unit).v[order], bodies[name][mine], rtol=1e-6, atol=1e-6 * scale)
        expect(same, path, f"yt sees other {name}")
    centimetres = seen["Coordinates"].to("cm").v[order]
    same = np.allclose(centimetres, position[mine] * units["UnitLength_in_cm"], rtol=1e-6, atol=1e-6 * np.abs(centimetres).max())
    expect(same, path, "yt sees other lengths in cm")


def check_series(folder):
    path = folder / "series.vtkhdf"
    snapshots = sorted(folder.glob("snapshot_*.hdf5"))
    reader = vtkHDFReader()
    expect(reader.CanReadFile(str(path)), path, "VTK cannot read it")
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    expect(reader.GetNumberOfSteps() == len(snapshots), path, f"VTK sees {reader.GetNumberOfSteps()} of {len(snapshots)} times")
    for step, snapshot in enumerate(snapshots):
        reader.SetStep(step)
        reader.Update()
        bodies, header, _ = columns(snapshot)
        expect(reader.GetTimeValue() == header["Time"], path, f"step {step} has another time than {snapshot}")
        same_in_vtk(vtk_points(reader), bodies, f"{path}, step {step}")
    print(f"{path}: {len(snapshots)} times, as in the snapshots")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("snapshots", nargs="*", type=pathlib.Path)
    arguments.add_argument("--series", type=pathlib.Path)
    arguments = arguments.parse_args()
    for path in arguments.snapshots:
        for check in check_layout, check_vtk, check_yt:
            check(path)
        bodies, header, _ = columns(path)
        print(f"{path}: {len(bodies['Masses'])} bodies at time {header['Time']}, the same in h5py, VTK and yt")
    if arguments.series:
        check_series(arguments.series)


if __name__ == "__main__":
    main()
