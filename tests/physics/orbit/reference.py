"""Makes tests/physics/orbit/reference.json: what orbitize and radvel (PyPI) predict at given parameters, and REBOUND where bodies pull on each other.

Run in the root of the checkout with Python packages orbitize 3.4.0, radvel 1.6.7 and rebound:

    python tests/physics/orbit/reference.py > tests/physics/orbit/reference.json

orbitize stops Newton's iteration for Kepler's equation at 1e-9 rad; here it is taken on until nothing changes, so that what differs
between the codes is not its tolerance.
"""

import contextlib
import io
import json
import os
import sys
import tempfile

import numpy as np

import orbitize.kepler
import orbitize.lnlike
import orbitize.read_input
import orbitize.sampler
import orbitize.system
import radvel
from radvel.likelihood import CompositeLikelihood, RVLikelihood

loose = orbitize.kepler._calc_ecc_anom


def converged(manom, ecc, **settings):
    anomaly = np.atleast_2d(loose(manom, ecc, **settings)).reshape(np.shape(manom))
    for _ in range(5):
        anomaly = anomaly - (anomaly - ecc * np.sin(anomaly) - manom) / (1 - ecc * np.cos(anomaly))
    return np.squeeze(anomaly)[()]


orbitize.kepler._calc_ecc_anom = converged

SYNTHETIC = """epoch,object,raoff,raoff_err,decoff,decoff_err,radec_corr,sep,sep_err,pa,pa_err,seppa_corr,rv,rv_err,instrument
50000,1,-120.3,2.1,340.8,1.9,0.35,,,,,,,,gpi
51000,1,,,,,,310.2,3.0,12.5,0.4,-0.6,,,sphere
52500.25,1,,,,,,280.0,2.0,355.2,0.5,,,,
53000,2,850.0,4.0,-120.0,3.0,,,,,,,,,
54000,2,,,,,,900.1,5.0,91.0,0.3,0.2,,,
55000,2,870.0,4.0,-60.0,3.0,-0.4,,,,,,,,
2450100.5,0,,,,,,,,,,,-0.012,0.004,hires
50400,0,,,,,,,,,,,0.005,0.003,hires
51500,0,,,,,,,,,,,0.021,0.006,coralie
53500,0,,,,,,,,,,,-0.030,0.006,coralie
56000,0,,,,,,,,,,,0.002,0.003,hires
53100,1,,,,,,,,,,,6.4,0.8,crires
"""


def roughened(text, factor):
    """The same data with larger errors, so that every term of the likelihood counts."""
    head, *lines = text.strip().split("\n")
    names = head.split(",")
    rows = [line.split(",") for line in lines]
    for row in rows:
        for place, name in enumerate(names):
            if name.endswith("_err") and row[place]:
                row[place] = repr(float(row[place]) * factor)
    return "\n".join([head] + [",".join(row) for row in rows]) + "\n"


def orbitize_case(name, text, companions, masses, points):
    """Log-likelihoods and predictions of each point, a dictionary of values by orbitize's names."""
    with contextlib.redirect_stdout(io.StringIO()), tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(text)
        file.flush()
        table = orbitize.read_input.read_file(file.name)
        system = orbitize.system.System(companions, table, 1.0, 50.0, 0.1, 0.1, fit_secondary_mass=masses)
        sampler = orbitize.sampler.OFTI.__new__(orbitize.sampler.OFTI)
        orbitize.sampler.Sampler.__init__(sampler, system)
    results = []
    for point in points:
        values = np.array([point[label] for label in system.labels])
        ln_likelihood = float(sampler._logl(values))
        epochs = np.array([50000.0, 52000.0, 55333.3, 58849.0, 61000.5])
        east, north, velocity, _ = system.compute_all_orbits(values, epochs=epochs)
        results.append(
            {
                "point": point,
                "ln_likelihood": ln_likelihood,
                "epochs": list(epochs),
                "east": east[:, :, 0].T.tolist(),
                "north": north[:, :, 0].T.tolist(),
                "velocity": velocity[:, :, 0].T.tolist(),
            }
        )
    return {"name": name, "data": text, "companions": companions, "masses": masses, "results": results}


def elements(companion, sma, ecc, inc, aop, pan, tau):
    names = ("sma", "ecc", "inc", "aop", "pan", "tau")
    return {f"{key}{companion}": value for key, value in zip(names, (sma, ecc, inc, aop, pan, tau))}


def orbitize_cases():
    gj504 = open("sims/orbit/GJ504.csv").read()
    beta_pic = open("sims/orbit/betaPic.csv").read()
    one = lambda *values, plx, mtot: {**elements(1, *values), "plx": plx, "mtot": mtot}
    yield orbitize_case(
        "GJ 504",
        gj504,
        1,
        False,
        [
            one(46.8, 0.228, 2.46, 1.3, 0.9, 0.4, plx=56.95, mtot=1.22),
            one(37.2, 0.0, 2.2, 0.0, 5.9, 0.1, plx=57.1, mtot=1.3),
            one(69.5, 0.467, 2.74, 4.4, 2.2, 0.93, plx=56.5, mtot=1.15),
            one(30.0, 0.93, 1.1, 6.1, 3.3, 0.66, plx=56.95, mtot=1.22),
            one(200.0, 0.985, 0.4, 2.1, 1.1, 0.999, plx=56.9, mtot=1.2),
            # Near the best.
            one(41.136, 0.19935, 2.21113, 5.0152, 2.47172, 0.22609, plx=57.6862, mtot=1.2979),
        ],
    )
    yield orbitize_case(
        "beta Pic",
        beta_pic,
        1,
        False,
        [
            one(10.0, 0.12, 1.5534, 3.4, 0.5567, 0.2, plx=51.44, mtot=1.8),
            one(9.2, 0.05, 1.55, 1.0, 0.55, 0.77, plx=51.5, mtot=1.75),
            one(13.0, 0.35, 1.54, 5.0, 3.7, 0.5, plx=51.3, mtot=1.85),
            # Near the best.
            one(12.2811, 0.28624, 1.55565, 3.4928, 0.56242, 0.81223, plx=51.3036, mtot=1.81009),
        ],
    )
    two = lambda first, second, **others: {**elements(1, *first), **elements(2, *second), **others}
    star = dict(
        gamma_coralie=0.01,
        sigma_coralie=0.007,
        gamma_crires=-0.2,
        sigma_crires=0.03,
        gamma_hires=-0.004,
        sigma_hires=0.002,
    )
    points = [
        two(
            (6.1, 0.21, 0.8, 1.1, 2.0, 0.3),
            (17.5, 0.4, 0.7, 2.5, 1.1, 0.6),
            plx=50.1,
            m1=0.012,
            m2=0.03,
            m0=1.1,
            **star,
        ),
        two(
            (6.0, 0.6, 2.1, 4.1, 0.2, 0.9), (19.5, 0.0, 2.0, 0.5, 4.1, 0.1), plx=49.9, m1=0.3, m2=0.001, m0=0.8, **star
        ),
        # The first companion on the larger orbit.
        two(
            (20.0, 0.3, 1.2, 3.1, 5.2, 0.45), (5.0, 0.1, 1.3, 0.3, 5.1, 0.2), plx=51.0, m1=0.02, m2=0.05, m0=1.0, **star
        ),
    ]
    yield orbitize_case("two companions", SYNTHETIC, 2, True, points)
    yield orbitize_case("two companions, rough data", roughened(SYNTHETIC, 100.0), 2, True, points)


def radvel_case():
    lines = [line.split()[:4] for line in open("sims/orbit/HD164922.txt") if not line.startswith(("time", "#"))]
    time, velocity, error = np.array([line[:3] for line in lines], dtype=float).T
    instrument = np.array([line[3] for line in lines])
    base = 0.5 * (time.min() + time.max())
    sets = [
        dict(
            per1=1199.2,
            tc1=2456779.0,
            secosw1=0.1,
            sesinw1=-0.3,
            k1=7.25,
            per2=75.726,
            tc2=2456277.6,
            secosw2=-0.2,
            sesinw2=0.5,
            k2=2.27,
        ),
        dict(
            per1=1195.0,
            tc1=2456800.0,
            secosw1=0.0,
            sesinw1=0.0,
            k1=6.5,
            per2=75.8,
            tc2=2456280.0,
            secosw2=0.6,
            sesinw2=0.6,
            k2=1.5,
        ),
        dict(
            per1=1210.0,
            tc1=2455900.0,
            secosw1=-0.7,
            sesinw1=-0.6,
            k1=9.0,
            per2=12.3,
            tc2=2450000.0,
            secosw2=0.3,
            sesinw2=-0.9,
            k2=3.0,
        ),
        # Near the best.
        dict(
            per1=1199.49,
            tc1=2456776.57,
            secosw1=-0.25122,
            sesinw1=0.19801,
            k1=7.23016,
            per2=75.71844,
            tc2=2456278.794,
            secosw2=-0.24599,
            sesinw2=0.4585,
            k2=2.2117,
        ),
    ]
    others = [
        dict(dvdt=0.0, curv=0.0, gamma_j=0.1, gamma_k=-0.2, gamma_a=0.3, sigma_j=2.6, sigma_k=2.1, sigma_a=3.0),
        dict(dvdt=1e-3, curv=0.0, gamma_j=1.1, gamma_k=-0.7, gamma_a=0.9, sigma_j=0.5, sigma_k=0.001, sigma_a=12.0),
        dict(dvdt=-2e-3, curv=3e-7, gamma_j=0.0, gamma_k=2.0, gamma_a=-4.0, sigma_j=30.0, sigma_k=5.0, sigma_a=1.0),
        dict(
            dvdt=0.0,
            curv=0.0,
            gamma_j=0.17546,
            gamma_k=0.10313,
            gamma_a=1.04055,
            sigma_j=2.88166,
            sigma_k=2.39136,
            sigma_a=0.10202,
        ),
    ]
    results = []
    for orbits, rest in zip(sets, others):
        parameters = radvel.Parameters(2, basis="per tc secosw sesinw k")
        for name, value in orbits.items():
            parameters[name] = radvel.Parameter(value=value)
        for name in ("dvdt", "curv"):
            parameters[name] = radvel.Parameter(value=rest[name])
        for name in sorted(set(instrument)):
            parameters[f"gamma_{name}"] = radvel.Parameter(value=rest[f"gamma_{name}"])
            parameters[f"jit_{name}"] = radvel.Parameter(value=rest[f"sigma_{name}"])
        model = radvel.RVModel(parameters, time_base=base)
        likelihoods = []
        for name in sorted(set(instrument)):
            own = instrument == name
            likelihoods.append(RVLikelihood(model, time[own], velocity[own], error[own], suffix=f"_{name}"))
        epochs = np.array([2450275.97, 2453000.0, 2456779.5, 2457000.25])
        trend = rest["dvdt"] * (epochs - base) + rest["curv"] * (epochs - base) ** 2
        results.append(
            {
                "point": {**orbits, **rest},
                "ln_likelihood": float(CompositeLikelihood(likelihoods).logprob()),
                "epochs": list(epochs),
                "velocity": list(model(epochs) - trend),
                "trend": list(trend),
            }
        )
    return {"name": "HD 164922", "companions": 2, "results": results}


def rebound_case():
    """Positions and velocities of companions that pull on each other, as orbitize's N-body model with REBOUND's IAS15."""
    import orbitize.nbody
    import rebound

    # orbitize 3.4 has G of its own; this is that of the nominal Sun, au^3 / (Msun yr^2).
    g = 1.3271244e20 / 149597870700.0**3 * (365.25 * 86400.0) ** 2
    first, second = (4.0, 0.2, 0.8, 1.1, 2.0, 0.3), (7.5, 0.15, 0.7, 2.5, 1.1, 0.6)
    plx, masses, star = 50.0, (0.02, 0.01), 1.1
    reference = 58849.0
    epochs = np.array([50000.0, 50400.0, 51000.0, 52500.25, 53000.0, 55000.0, 60000.0, 70000.0])
    sim = rebound.Simulation()
    sim.G = g
    sim.add(m=star)
    inside = star
    for (sma, ecc, inc, aop, pan, tau), mass in zip((first, second), masses):
        inside += mass
        period = 2 * np.pi * np.sqrt(sma**3 / (g * inside)) * 365.25
        mean = 2 * np.pi * (((epochs[0] - reference) / period - tau) % 1.0)
        sim.add(m=mass, a=sma, e=ecc, inc=inc, Omega=pan + np.pi / 2, omega=aop, M=mean)
    sim.move_to_com()
    sim.integrator = "ias15"
    east, north, velocity = [[], []], [[], []], [[], [], []]
    for epoch in epochs:
        sim.integrate((epoch - epochs[0]) / 365.25)
        bodies = sim.particles
        for k in (0, 1):
            east[k].append(-plx * (bodies[k + 1].x - bodies[0].x))
            north[k].append(plx * (bodies[k + 1].y - bodies[0].y))
        for k in range(3):
            velocity[k].append(bodies[k].vz * 149597870.7 / (365.25 * 86400.0))
    point = {**elements(1, *first), **elements(2, *second), "plx": plx, "m1": masses[0], "m2": masses[1], "m0": star}
    return {
        "name": "REBOUND",
        "point": point,
        "epochs": list(epochs),
        "east": east,
        "north": north,
        "velocity": velocity,
    }


assert os.path.exists("sims/orbit/GJ504.csv"), "run me in the root of the checkout"
json.dump(
    {"orbitize": list(orbitize_cases()), "radvel": radvel_case(), "rebound": rebound_case()}, sys.stdout, indent=1
)
