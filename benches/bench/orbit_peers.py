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


def system(file, plx, mtot):
    from orbitize import read_input, system

    table = read_input.read_file(file)
    return system.System(1, table, mtot[0], plx[0], mass_err=mtot[1], plx_err=plx[1])


def logp_orbitize(file, plx, mtot):
    from orbitize import priors, sampler

    fit = system(file, plx, mtot)
    likelihood = sampler.OFTI.__new__(sampler.OFTI)
    sampler.Sampler.__init__(likelihood, fit)
    points = np.array([prior.draw_samples(32) for prior in fit.sys_priors]).T

    def work():
        for point in points:
            priors.all_lnpriors(point, fit.sys_priors) + likelihood._logl(point)

    return rate(work, len(points))


def logp_gj504():
    return logp_orbitize("sims/orbit/GJ504.csv", (56.95, 0.26), (1.22, 0.08))


def logp_betapic():
    return logp_orbitize("sims/orbit/betaPic.csv", (51.44, 0.12), (1.75, 0.05))


def ofti_gj504():
    """Accepted orbits of rejection sampling, 10^4 trials at once as orbitize does, for 20 s: some are accepted in a second."""
    from orbitize import sampler

    ofti = sampler.OFTI(system("sims/orbit/GJ504.csv", (56.95, 0.26), (1.22, 0.08)))
    start, accepted = time.process_time(), 0
    while time.process_time() - start < 20:
        accepted += len(ofti.reject(ofti.prepare_samples(10_000))[0])
    return accepted / (time.process_time() - start)


def logp_hd164922():
    import radvel
    from radvel.likelihood import CompositeLikelihood, RVLikelihood

    lines = [line.split()[:4] for line in open("sims/orbit/HD164922.txt")][1:]
    when, velocity, error = np.array([line[:3] for line in lines], dtype=float).T
    instrument = np.array([line[3] for line in lines])
    start = dict(
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
        dvdt=0.0,
        curv=0.0,
    )
    parameters = radvel.Parameters(2, basis="per tc secosw sesinw k")
    for name, value in start.items():
        parameters[name] = radvel.Parameter(value=value, vary=name not in ("dvdt", "curv"))
    names = sorted(set(instrument))
    for name in names:
        parameters[f"gamma_{name}"] = radvel.Parameter(value=0.1)
        parameters[f"jit_{name}"] = radvel.Parameter(value=2.0)
    model = radvel.RVModel(parameters, time_base=2455500.0)
    parts = [instrument == name for name in names]
    likelihoods = [
        RVLikelihood(model, when[own], velocity[own], error[own], suffix=f"_{name}") for own, name in zip(parts, names)
    ]
    posterior = radvel.posterior.Posterior(CompositeLikelihood(likelihoods))
    posterior.priors = [radvel.prior.EccentricityPrior(2), radvel.prior.PositiveKPrior(2)]
    posterior.priors += [radvel.prior.HardBounds(f"jit_{name}", 0.0, 50.0) for name in names]
    point = np.array(posterior.get_vary_params())
    return rate(lambda: posterior.logprob_array(point), 1)


print(globals()[sys.argv[1]]())
