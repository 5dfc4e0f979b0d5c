"""The image of a run of sims/optics/hubble.toml by prysm (https://github.com/brandondube/prysm): its ray tracing and its propagation.

Usage: python prysm_image.py RUN    (needs prysm, h5py, numpy from PyPI)
Traces the run's rays through the two mirrors, propagates path differences to the detector, and prints how far the images are from each other.
"""
import sys
import tomllib

import h5py
import numpy as np
from prysm.experimental.raytracing.spencer_and_murty import raytrace
from prysm.experimental.raytracing.surfaces import Surface
from prysm.propagation import focus_fixed_sampling

run = sys.argv[1]
with open(f"{run}/config.toml", "rb") as file:
    config = tomllib.load(file)
file = h5py.File(f"{run}/optics.hdf5")
pupil, cell, opened = file["Rays/Pupil"][:], file["Rays/Cell"][:].astype(int), file["Rays/Open"][:]
side, spacing = int(file["Rays"].attrs["Side"]), float(file["Rays"].attrs["Spacing"])
wavelength, pitch = config["light"]["wavelength"], config["detector"]["pitch"]

mirrors = [config["surfaces"][name] for name in ("primary", "secondary")]
surfaces = [Surface.conic(1 / s["radius"], s["conic"], "refl", np.array(s["vertex"])) for s in mirrors]
start = np.column_stack([pupil, np.full(len(pupil), config["beam"]["center"][2])])
start = np.vstack([[1e-9, 0, start[0, 2]], start])
along = np.broadcast_to([0.0, 0.0, 1.0], start.shape).copy()
places, directions = raytrace(surfaces, start, along, wavelength * 1e6)
steps = np.linalg.norm(np.diff(places, axis=0), axis=-1).sum(axis=0)
image = np.array(config["detector"]["vertex"])
path = steps + ((image - places[-1]) * directions[-1]).sum(axis=-1)
path = path[1:] - path[0]
print(f"path differences: largest gap to the run's {np.abs(path - file['Rays/PathDifference'][:])[opened > 0].max():.1e} m")

grid = np.zeros(side * side, complex)
grid[cell] = opened * np.exp(2j * np.pi * path / wavelength)
grid = grid.reshape(side, side)
# From the rays' directions: the focal length by which the beam's places become directions at the image.
lit = opened > 0.99
focal = -(pupil[lit, 0] @ pupil[lit, 0]) / (pupil[lit, 0] @ directions[-1][1:][lit, 0])
pixels = config["detector"]["pixels"]
field = focus_fixed_sampling(grid, spacing * 1e3, focal * 1e3, wavelength * 1e6, pitch * 1e6, tuple(pixels[::-1]))
theirs = np.abs(field) ** 2
ours = file["Image/Intensity"][:]
# prysm's middle is a pixel; odd numbers of pixels have one.
theirs, ours = theirs / theirs.sum(), ours / ours.sum()
print(f"focal length {focal:.4f} m; root mean square gap {np.sqrt(np.mean((theirs - ours) ** 2)) / ours.max():.2e}, "
      f"largest {np.abs(theirs - ours).max() / ours.max():.2e} of the brightest pixel")
