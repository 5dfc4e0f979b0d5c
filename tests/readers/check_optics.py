#!/usr/bin/env python3
"""Opens a run of the simulation optics with h5py and its FITS files with astropy, and compares what both see.

    check_optics.py RUN ...
"""
import argparse
import pathlib

import h5py
import numpy
from astropy.io import fits


def check(run):
    file = h5py.File(run / "optics.hdf5")
    intensity = file["Image/Intensity"][:]
    field = file["Image/Field"][:].view(complex)[..., 0]
    assert numpy.allclose((abs(field) ** 2).sum(axis=0), intensity, rtol=1e-12, atol=0), "the field makes the intensity"
    with fits.open(run / "psf.fits") as image:
        image.verify("exception")
        assert numpy.array_equal(image[0].data, intensity), "both files have the same image"
        assert image[0].header["CDELT1"] == file["Image"].attrs["Pitch"]
    side = int(file["Rays"].attrs["Side"])
    lit = file["Rays/Open"][:] > 0
    cells = file["Rays/Cell"][:].astype(int)[lit]
    maps = {"OPEN": "Rays/Open", "PATHDIFF": "Rays/PathDifference"}
    if "Polarization" in file:
        maps |= {"DIATTEN": "Polarization/Diattenuation", "RETARD": "Polarization/Retardance"}
        jones = file["Polarization/Jones"][:].view(complex)[..., 0]
        assert jones.shape[1:] == (2, 2)
        mueller = file["Polarization/Mueller"][:]
        assert numpy.allclose(mueller[:, 0, 0], (abs(jones) ** 2).sum(axis=(1, 2)) / 2, rtol=1e-12)
    with fits.open(run / "pupil.fits") as pupil:
        pupil.verify("exception")
        for name, dataset in maps.items():
            data = pupil[name].data.reshape(side * side)
            assert numpy.array_equal(data[cells], file[dataset][:][lit]), name
            assert numpy.isnan(data).sum() == side * side - len(cells), name
    print(f"{run}: {intensity.shape} pixels, {len(lit)} rays, {', '.join(maps)}")


parser = argparse.ArgumentParser()
parser.add_argument("runs", nargs="+", type=pathlib.Path)
for path in parser.parse_args().runs:
    check(path)
