#!/usr/bin/env python3
"""Makes rebound.csv: twenty samples of sims/orbit/two_planets.hdf5, integrated by REBOUND (Rein & Liu 2012) for 1e5 years.

IAS15, Jacobi elements as orbitize takes them, stopped where the planets come within one mutual Hill radius or one is unbound.
Columns: row of the file, whether it came to the end, the time that it came to (yr), the least distance of the planets in mutual
Hill radii, the largest change of a Jacobi semi-major axis as a share of the first one, MEGNO.

    python3 with_rebound.py        needs rebound, numpy and h5py; made with REBOUND 5.2.2
"""

import csv
import pathlib

import h5py
import numpy as np
import rebound

HERE = pathlib.Path(__file__).parent
UNTIL = 1e5  # yr
SAMPLES = 20
# G in au^3 / (yr^2 Msun), of the nominal solar G M (IAU 2015 B3) and the Julian year.
GRAVITY = 1.3271244e20 * (365.25 * 86400) ** 2 / 149597870700.0**3
DAYS = 365.25


def system(sample):
    """Star and planets at the reference epoch of tau."""
    sim = rebound.Simulation()
    sim.G = GRAVITY
    sma, tau = sample[[0, 6]], sample[[5, 11]]
    masses = sample[[13, 14]]
    sim.add(m=sample[15])
    for planet in np.argsort(sma):
        ecc, inc, aop, pan = sample[[1, 2, 3, 4]] if planet == 0 else sample[[7, 8, 9, 10]]
        sim.add(m=masses[planet], a=sma[planet], e=ecc, inc=inc, omega=aop, Omega=pan, M=-2 * np.pi * tau[planet])
    sim.move_to_com()
    sim.integrator = "ias15"
    sim.init_megno(seed=1)
    return sim


def jacobi_axes(sim):
    return [orbit.a for orbit in sim.orbits()]


def fate(sample):
    sim = system(sample)
    first = np.array(jacobi_axes(sim))
    star, inner, outer = (sim.particles[k] for k in range(3))
    hill = ((inner.m + outer.m) / (3 * star.m)) ** (1 / 3) * first.mean()
    closest, drift, survived = np.inf, 0.0, 1
    while sim.t < UNTIL:
        sim.steps(1)
        apart = np.array([inner.x - outer.x, inner.y - outer.y, inner.z - outer.z])
        closest = min(closest, np.sqrt(apart @ apart) / hill)
        axes = np.array(jacobi_axes(sim))
        drift = max(drift, np.inf if (axes <= 0).any() else np.abs(axes / first - 1).max())
        if closest < 1 or (axes <= 0).any():
            survived = 0
            break
    return survived, sim.t, closest, drift, sim.megno()


with h5py.File(HERE / "../../../sims/orbit/two_planets.hdf5") as file:
    post = file["post"][:]
rows = [(2 * sample + 1) * len(post) // (2 * SAMPLES) for sample in range(SAMPLES)]
with open(HERE / "rebound.csv", "w", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["row", "survived", "time", "closest_hill", "axis_drift", "megno"])
    for row in rows:
        survived, time, closest, drift, megno = fate(post[row])
        table.writerow([row, survived, f"{time:.1f}", f"{closest:.6f}", f"{drift:.6f}", f"{megno:.4f}"])
        print(row, survived, time, closest, drift, megno, flush=True)
