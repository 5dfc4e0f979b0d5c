"""Orbit fits by orbitize (Blunt et al. 2020) and radvel (Fulton et al. 2018), from PyPI. Usage: orbit_peers.py WHAT

Prints one number: how many a second of processor time.
"""
import sys
import time

import numpy as np


def rate(work, count, seconds=1.0):
    """How many of `count` things a call of `work` does, a second."""
    work()
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        work()
        done += count
    return done / (time.process_time() - start)


def orbits(count):
    random = np.random.default_rng(1)
    return random.uniform(0, 0.95, count), random.uniform(0, 2 * np.pi, count)


def kepler_orbitize():
    from orbitize.kepler import _calc_ecc_anom

    e, mean = orbits(100_000)
    return rate(lambda: _calc_ecc_anom(mean, e, tolerance=1e-9, use_c=True), len(e))


def kepler_radvel():
    from radvel import _kepler

    _, mean = orbits(100_000)
    return rate(lambda: _kepler.kepler_array(mean, 0.5), len(mean))


print(globals()[sys.argv[1]]())
