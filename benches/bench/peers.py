"""Other codes on the same problems. Usage: peers.py direct N | wisdom_holman YEARS | ias15 YEARS | solar_system YEARS | emcee STEPS

Prints one number: interactions/s, steps/s, seconds or proposals/s. REBOUND (Rein & Liu 2012), REBOUNDx (Tamayo et al.
2020) and emcee (Foreman-Mackey et al. 2013) from PyPI.
"""
import csv
import sys
import time

import rebound


def table(path):
    with open(path) as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return [[float(row[key]) for key in ("gm", "x", "y", "z", "vx", "vy", "vz")] for row in rows]


def simulation(path):
    sim = rebound.Simulation()
    for gm, x, y, z, vx, vy, vz in table(path):
        sim.add(m=gm, x=x, y=y, z=z, vx=vx, vy=vy, vz=vz)
    return sim


def direct(n):
    import random

    random.seed(1)
    sim = rebound.Simulation()
    for _ in range(n):
        sim.add(m=1 / n, x=random.gauss(0, 1), y=random.gauss(0, 1), z=random.gauss(0, 1))
    sim.integrator, sim.gravity, sim.softening, sim.dt = "leapfrog", "basic", 0.02, 1e-3
    sim.steps(1)
    steps = max(3, int(4e8 / n**2))
    start = time.process_time()
    for _ in range(steps):
        sim.steps(1)
    return steps * n**2 / (time.process_time() - start)


def wisdom_holman(years):
    sim = simulation("sims/nbody/outer_solar_system.csv")
    sim.move_to_com()
    sim.integrator, sim.dt = "whfast", 40.0
    # REBOUND 5 keeps an integrator's settings with the integrator, REBOUND 4 beside it.
    settings = getattr(sim, "ri_whfast", None) or sim.integrator
    settings.corrector, settings.safe_mode = 11, 0
    sim.N_active = sim.N - 1
    start = time.process_time()
    sim.integrate(years * 365.25, exact_finish_time=0)
    return sim.steps_done / (time.process_time() - start)


def ias15(years):
    sim = simulation("sims/nbody/outer_solar_system.csv")
    sim.move_to_com()
    sim.integrator = "ias15"
    sim.N_active = sim.N - 1
    start = time.process_time()
    sim.integrate(years * 365.25)
    return sim.steps_done / (time.process_time() - start)


def solar_system(years):
    import reboundx

    sim = simulation("sims/nbody/solar_system_J2000.csv")
    sim.integrator = "ias15"
    extras = reboundx.Extras(sim)
    force = extras.load_force("gr_full")
    extras.add_force(force)
    force.params["c"] = 173.144632674240
    start = time.process_time()
    sim.integrate(years * 365.25)
    return time.process_time() - start


def emcee(steps):
    """Proposals per second of 64 walkers in 5 parameters with a density of next to nothing."""
    import emcee as package
    import numpy as np

    sampler = package.EnsembleSampler(64, 5, lambda x: -0.5 * (x * x).sum(axis=1), vectorize=True)
    state = sampler.run_mcmc(np.random.default_rng(1).normal(size=(64, 5)), 10)
    start = time.process_time()
    sampler.run_mcmc(state, steps)
    return 64 * steps / (time.process_time() - start)


what, size = sys.argv[1:3]
print({"emcee": emcee, "direct": direct, "wisdom_holman": wisdom_holman, "ias15": ias15, "solar_system": solar_system}[what](int(float(size))))
