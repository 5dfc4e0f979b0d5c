#!/usr/bin/env python3
"""Makes two_planets.hdf5: a posterior of two giant planets, in the file that orbitize's results.save_results writes.

It is made up. The planets go round a star of 1.5 solar masses at about 20 and 31 au, nearly in one plane, with masses of a
few Jupiters that are known to a factor of two. With such masses orbits on circles can't meet where they are more than
2 sqrt(3) mutual Hill radii apart (Gladman 1993, Icarus 106, 247), which here is about 11 au: some samples are stable, some not.

    python3 two_planets.py        needs numpy and h5py
"""

import h5py
import numpy as np

SAMPLES = 300
JUPITER = 9.5458e-4  # solar masses

random = np.random.default_rng(12)
normal = random.standard_normal


def planet(axis, spread, mass):
    """Columns of a planet, sma to tau, and its mass."""
    orbit = [
        axis + spread * normal(SAMPLES),
        np.abs(0.05 * normal(SAMPLES)),
        0.5 + 0.05 * normal(SAMPLES),
        random.uniform(0, 2 * np.pi, SAMPLES),
        1.0 + 0.05 * normal(SAMPLES),
        random.uniform(0, 1, SAMPLES),
    ]
    return orbit, mass * JUPITER * np.exp(0.5 * normal(SAMPLES))


inner, inner_mass = planet(20.0, 0.5, 5.0)
outer, outer_mass = planet(31.0, 3.0, 5.0)
parallax, star = 25.0 + 0.1 * normal(SAMPLES), 1.5 + 0.05 * normal(SAMPLES)
post = np.column_stack([*inner, *outer, parallax, inner_mass, outer_mass, star])

nan = float("nan")
data = np.array(
    [
        (58849.0, 1, 480.0, 5.0, 60.0, 0.5, nan, b"seppa", b"made up"),
        (58849.0, 2, 750.0, 5.0, 200.0, 0.5, nan, b"seppa", b"made up"),
        (60310.0, 1, 470.0, 5.0, 78.0, 0.5, nan, b"seppa", b"made up"),
        (60310.0, 2, 752.0, 5.0, 208.0, 0.5, nan, b"seppa", b"made up"),
    ],
    dtype=[
        ("epoch", "f8"), ("object", "i8"), ("quant1", "f8"), ("quant1_err", "f8"), ("quant2", "f8"),
        ("quant2_err", "f8"), ("quant12_corr", "f8"), ("quant_type", "S5"), ("instrument", "S20"),
    ],
)

with h5py.File("two_planets.hdf5", "w") as file:
    file.attrs.update(
        sampler_name="MCMC", version_number="made up", fitting_basis="Standard", num_secondary_bodies=2,
        tau_ref_epoch=58849.0, stellar_or_system_mass=1.5, mass_err=0.05, plx=25.0, plx_err=0.1,
        restrict_angle_ranges=False, fit_secondary_mass=True, use_rebound=False,
    )
    file["post"] = post
    file["lnlike"] = -0.5 * random.chisquare(8, SAMPLES)
    file["data"] = data
