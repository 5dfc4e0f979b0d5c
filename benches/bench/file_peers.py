"""Plain MPI-IO, on all ranks: the same bytes to, or from, the same places of a file.

Usage, under mpirun: python -m mpi4py file_peers.py write|read TEMPLATE OUT AXIS

TEMPLATE is an HDF5 file: where its large datasets begin, and what is in them, is taken from it before the clock starts. Each rank has a
share of each dataset, cut along AXIS. `write` writes them to OUT (one collective call per dataset, then a sync), `read` reads them from
TEMPLATE. Rank 0 prints the seconds.
"""
import sys

import h5py
import numpy
from mpi4py import MPI

LARGE = 1 << 20


def datasets(path, axis):
    """Of each large dataset: where it begins, its type, its shape, this rank's box, its contents there."""
    comm, found = MPI.COMM_WORLD, []
    with h5py.File(path) as file:

        def take(_, item):
            if not isinstance(item, h5py.Dataset) or item.is_virtual or item.id.get_offset() is None or item.nbytes < LARGE:
                return
            cut = min(axis, item.ndim - 1)
            first, end = (item.shape[cut] * r // comm.size for r in (comm.rank, comm.rank + 1))
            starts, counts = [0] * item.ndim, list(item.shape)
            starts[cut], counts[cut] = first, end - first
            box = tuple(slice(s, s + c) for s, c in zip(starts, counts))
            found.append((item.id.get_offset(), item.dtype, list(item.shape), counts, starts, item[box]))

        file.visititems(take)
    return sorted(found, key=lambda dataset: dataset[0])


def view(file, offset, dtype, shape, counts, starts):
    etype = MPI._typedict[dtype.char]
    box = etype.Create_subarray(shape, counts, starts).Commit()
    file.Set_view(offset, etype, box)
    box.Free()


def write(path, found):
    file = MPI.File.Open(MPI.COMM_WORLD, path, MPI.MODE_CREATE | MPI.MODE_WRONLY)
    for *place, data in found:
        view(file, *place)
        file.Write_all(data)
    file.Sync()
    file.Close()


def read(path, found):
    file = MPI.File.Open(MPI.COMM_WORLD, path, MPI.MODE_RDONLY)
    for *place, data in found:
        view(file, *place)
        file.Read_all(data)
    file.Close()


def main():
    how, template, out, axis = sys.argv[1:]
    found = datasets(template, int(axis))
    if how == "read":
        found = [(*place, numpy.empty_like(data)) for *place, data in found]
    MPI.COMM_WORLD.Barrier()
    began = MPI.Wtime()
    write(out, found) if how == "write" else read(template, found)
    MPI.COMM_WORLD.Barrier()
    if MPI.COMM_WORLD.rank == 0:
        print(MPI.Wtime() - began)


if __name__ == "__main__":
    main()
