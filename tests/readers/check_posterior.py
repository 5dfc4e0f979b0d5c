#!/usr/bin/env python3
"""Opens posteriors with h5py and with orbitize, and compares what both see.

    check_posterior.py POSTERIOR.hdf5 ...
"""

import argparse
import tempfile
import warnings

import h5py
import matplotlib
import numpy as np

matplotlib.use("Agg")
warnings.simplefilter("ignore")
from orbitize.results import Results  # noqa: E402

FIELDS = "epoch object quant1 quant1_err quant2 quant2_err quant12_corr quant_type instrument".split()


def expect(claim, path, what):
    if not claim:
        raise SystemExit(f"{path}: {what}")


def check_layout(path):
    """What h5py sees: the samples and the names of their columns."""
    with h5py.File(path, "r") as file:
        post, lnlike, data = file["post"][...], file["lnlike"][...], file["data"]
        names, units = (file[f"parameter_{what}"].asstr()[...] for what in ("names", "units"))
        attributes = dict(file.attrs)
        expect(list(data.dtype.names) == FIELDS, path, f"data has the fields {data.dtype.names}")
        expect(data.dtype["object"] == np.int64 and data.dtype["epoch"] == np.float64, path, "data has other kinds")
        for name in {"lnprior", "weights"} & set(file):
            expect(file[name].shape == lnlike.shape, path, f"{name} has the shape {file[name].shape}")
        if "chain" in file:
            expect(file["chain"].ndim == 3 and file["chain"].shape[2] == len(names), path, "the chain has another shape")
    expect(post.dtype == np.float64 and post.shape == (len(lnlike), len(names)), path, f"post has the shape {post.shape}")
    expect(len(units) == len(names) == len(set(names)), path, "names and units don't go together")
    expect(np.isfinite(post).all(), path, "post is not finite everywhere")
    for name in ("sampler_name", "version_number", "fitting_basis"):
        expect(isinstance(attributes[name], str), path, f"{name} is no text to Python")
    return post, lnlike, list(names), attributes


def check_orbitize(path, post, lnlike, names, attributes):
    """What orbitize sees: the same, or nothing where the parameters aren't its own."""
    results = Results()
    if attributes["fitting_basis"] != "Standard":
        try:
            results.load_results(path)
        except AttributeError:
            return "refused by orbitize, whose parameters it doesn't have"
        raise SystemExit(f"{path}: orbitize takes parameters for its own that are not")
    results.load_results(path)
    expect(list(results.labels) == names, path, f"orbitize sees the parameters {results.labels}, not {names}")
    expect((results.post == post).all() and (results.lnlike == lnlike).all(), path, "orbitize sees other samples")
    expect(results.tau_ref_epoch == attributes["tau_ref_epoch"], path, "orbitize sees another reference epoch")
    expect(results.sampler_name == attributes["sampler_name"], path, "orbitize sees another sampler")
    if len(post) > len(names):
        with tempfile.TemporaryFile() as picture:
            results.plot_corner().savefig(picture, format="png")
    return "opened and drawn by orbitize"


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("posteriors", nargs="+")
for path in parser.parse_args().posteriors:
    seen = check_layout(path)
    told = check_orbitize(path, *seen)
    print(f"{path}: {len(seen[0])} samples of {len(seen[2])} parameters; {told}")
