"""Whether every number in one run's files is in another's, bit for bit: for scripts/compare_builds.sh.

    target/readers/bin/python scripts/compare_numbers.py OLD NEW FILE..

FILE is a name below both folders. Datasets and attributes of HDF5 files are matched by name, columns of tables by their heading; what the
new file has beyond the old one doesn't count. Texts (parameters, labels, units) don't count either. Prints a line for each number that is
gone or another, with the largest difference; exits with 1 if there is one.
"""

import csv
import sys

import h5py
import numpy as np


def difference(old, new):
    """None if the same bits, else what differs in words."""
    old, new = np.asarray(old), np.asarray(new)
    if old.dtype.kind not in "biufcV" or old.dtype.names:
        return None
    if old.shape != new.shape:
        return f"{old.shape} numbers, now {new.shape}"
    if old.dtype == new.dtype and old.tobytes() == new.tobytes():
        return None
    if old.dtype.kind == "V" or new.dtype.kind not in "biufc":
        return f"another kind, {old.dtype} and {new.dtype}"
    if np.array_equal(old, new, equal_nan=old.dtype.kind in "fc"):
        return None
    old, new = old.astype(float), new.astype(float)
    other = ~((old == new) | (np.isnan(old) & np.isnan(new)))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(old - new)[other] / max(np.nanmax(np.abs(old)), 1e-300)
    return f"{other.sum()} of {old.size} differ, by at most {np.nanmax(apart):.1e} of the largest"


def of_hdf5(old, new):
    """What differs between two HDF5 files: pairs of a name and words."""
    with h5py.File(old) as old, h5py.File(new) as new:
        found = []

        def look(name, item):
            if name not in new:
                return found.append((name, "gone"))
            if isinstance(item, h5py.Dataset):
                found.append((name, difference(item[()], new[name][()])))
            for key, value in item.attrs.items():
                if np.asarray(value).dtype.kind in "biufc":
                    now = new[name].attrs.get(key)
                    found.append((f"{name}@{key}", "gone" if now is None else difference(value, now)))

        look("/", old)
        old.visititems(look)
        return [(name, words) for name, words in found if words]


def columns(path):
    """The columns of a table by their headings; lines that begin with # are comments."""
    with open(path, newline="") as file:
        heading, *rows = csv.reader(line for line in file if not line.startswith("#"))
    return {name: [row[i] for row in rows] for i, name in enumerate(heading)}


def of_table(old, new):
    """What differs between two tables."""
    old, new = columns(old), columns(new)
    found = []
    for name, values in old.items():
        if name not in new:
            found.append((name, "gone"))
        elif values != new[name]:
            try:
                words = difference(np.array(values, float), np.array(new[name], float))
            except ValueError:
                words = "other texts"
            found.append((name, words))
    return [(name, words) for name, words in found if words]


def main():
    """Compares the files that are named."""
    old, new, *names = sys.argv[1:]
    failed = False
    for name in names:
        compare = of_table if name.endswith(".csv") else of_hdf5
        for what, words in compare(f"{old}/{name}", f"{new}/{name}"):
            print(f"    {name}: {what}: {words}")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
