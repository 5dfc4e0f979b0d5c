"""What asks for a pool gets the same numbers from this one as without: emcee, dynesty, nautilus, scipy's `workers=`, joblib's way of asking."""

import divisi
import numpy as np
import pytest


@pytest.fixture(scope="module")
def pool():
    with divisi.Pool(ranks=2) as pool:
        yield pool


def log_density(x):
    return -0.5 * float(np.sum((np.asarray(x) - 1.0) ** 2))


def test_emcee(pool):
    emcee = pytest.importorskip("emcee")

    def chain(**how):
        sampler = emcee.EnsembleSampler(8, 2, log_density, **how)
        start = np.random.default_rng(3).normal(size=(8, 2))
        sampler.random_state = np.random.RandomState(4).get_state()
        sampler.run_mcmc(start, 8)
        return sampler.get_chain()

    assert np.array_equal(chain(), chain(pool=pool))


def test_dynesty(pool):
    dynesty = pytest.importorskip("dynesty")

    def nested(**how):
        sampler = dynesty.NestedSampler(log_density, lambda u: 10 * u - 5, 2, nlive=50, rstate=np.random.default_rng(5), queue_size=2, **how)
        sampler.run_nested(maxiter=60, print_progress=False)
        return sampler.results

    serial, spread = nested(pool=_Here()), nested(pool=pool)
    assert np.array_equal(serial.samples, spread.samples) and np.array_equal(serial.logz, spread.logz)


class _Here:
    """A pool that is none, of the same size: dynesty proposes by the size of its queue."""

    size = 2

    def map(self, function, *iterables):
        return list(map(function, *iterables))


def test_nautilus(pool):
    nautilus = pytest.importorskip("nautilus")

    def evidence(**how):
        sampler = nautilus.Sampler(lambda u: 10 * u - 5, log_density, n_dim=2, n_live=60, seed=6, n_networks=1, n_batch=20, **how)
        sampler.run(n_eff=50, n_like_max=400, verbose=False)
        return sampler.log_z, sampler.posterior()[0]

    (one, samples), (other, others) = evidence(), evidence(pool=(pool, None))
    assert one == other and np.array_equal(samples, others)


def test_scipy(pool):
    optimize = pytest.importorskip("scipy.optimize")

    def best(**how):
        found = optimize.differential_evolution(lambda x: -log_density(x), [(-5, 5)] * 2, seed=7, updating="deferred", maxiter=4, polish=False, **how)
        return found.x

    assert np.array_equal(best(), best(workers=pool.map))
    integrate = pytest.importorskip("scipy.integrate")
    value, _ = integrate.quad_vec(np.cos, 0, 1, workers=lambda f, x: pool.map(f, x))
    assert value == integrate.quad_vec(np.cos, 0, 1)[0]
