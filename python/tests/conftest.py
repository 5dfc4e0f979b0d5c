"""Runs that the tests open, made once, by the program that `divisi.find_program` finds."""

import os
import pathlib
import signal
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

import divisi  # noqa: E402

SIMS = ROOT / "sims"
# Seconds, on a machine that does much else.
LIMIT = 120
# More ranks than cores give them up while they wait.
os.environ.setdefault("OMPI_MCA_mpi_yield_when_idle", "1")
_counts = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.fixture(autouse=True)
def limit(request):
    """No test hangs: a mark `limit` gives it another time, in seconds."""
    mark = request.node.get_closest_marker("limit")
    seconds = mark.args[0] if mark else LIMIT

    def late(*_):
        raise TimeoutError(f"the test is not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def planets(runs):
    """A few bodies: two snapshots, a trajectory, a history."""
    return divisi.run(SIMS / "nbody/solar_system.toml", {"output.every_steps": 20}, steps=40, ranks=2, out=runs / "planets", progress=False)


@pytest.fixture(scope="session")
def gas(runs):
    """Two streams on a small plane grid, three snapshots."""
    parameters = {"grid.cells": [20, 24], "output.every_steps": 2}
    return divisi.run(SIMS / "fluid/kelvin_helmholtz.toml", parameters, steps=4, out=runs / "gas", progress=False)


@pytest.fixture(scope="session")
def fit(runs):
    """An orbit fit by rejection sampling."""
    return divisi.run(SIMS / "orbit/gj504_ofti.toml", {"method.orbits": 100}, out=runs / "fit", progress=False)


@pytest.fixture(scope="session")
def maps(runs):
    """A sweep over a grid of two parameters."""
    parameters = {"parameters.values.r": {"from": 2.8, "to": 4.0, "count": 5}}
    return divisi.sweep(SIMS / "sweep/logistic.toml", parameters, ranks=2, out=runs / "maps", progress=False)


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        _counts[report.outcome] += 1


def pytest_unconfigure(config):
    # The line that scripts/count.sh sums up.
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**_counts))
