"""Polarization matrices of three systems by poke (https://github.com/Jashcraf/poke, Ashcraft et al. 2023), for matrices.rs.

Usage: PYTHONPATH=FOLDER_OF_POKE python matrices.py > matrices.json
The rays are traced here, by Newton's iteration; poke gets directions, normals and angles, and gives a matrix for each surface.
"""
import json
import sys
import types

import numpy as np

sys.modules.setdefault("matplotlib", types.ModuleType("matplotlib"))
sys.modules.setdefault("matplotlib.pyplot", types.ModuleType("matplotlib.pyplot"))
from poke.polarization import prt_matrix  # noqa: E402

SILVER = complex(0.0565, 4.21)
ALUMINIUM = complex(0.96, 6.69)


def mirror(z, radius, conic, index, axis=(0, 0, 1), at=(0, 0)):
    return dict(vertex=[at[0], at[1], z], axis=list(axis), radius=radius, conic=conic, mode="reflect", index=index)


SYSTEMS = {
    "fold": (
        [mirror(1.0, -2.0, -1.0, SILVER), mirror(0.3, 0.0, 0.0, SILVER, axis=(np.sqrt(0.5), 0, np.sqrt(0.5)))],
        [[0.01, 0.0], [0.03, 0.01], [-0.02, 0.04], [0.0, -0.05]],
    ),
    "cassegrain": (
        [mirror(4.90607, -11.04, -1.0022985, ALUMINIUM), mirror(0.0, -1.358, -1.496, ALUMINIUM)],
        [[0.5, 0.0], [0.0, 1.1], [-0.7, 0.8], [0.3, -0.9]],
    ),
    "lens": (
        [
            dict(vertex=[0, 0, 0], axis=[0, 0, 1], radius=0.05168, conic=0.0, mode="transmit", index=1.5185),
            dict(vertex=[0, 0, 0.004], axis=[0, 0, 1], radius=0.0, conic=0.0, mode="transmit", index=1.0),
        ],
        [[0.001, 0.0], [0.003, -0.004], [-0.01, 0.002]],
    ),
}


def sag(surface, p):
    """How far a place is above the surface, and the gradient of that."""
    axis = np.array(surface["axis"], float)
    d = p - np.array(surface["vertex"], float)
    z = d @ axis
    r = d - z * axis
    c = 1 / surface["radius"] if surface["radius"] else 0.0
    root = np.sqrt(1 - (1 + surface["conic"]) * c * c * (r @ r))
    return z - c * (r @ r) / (1 + root), axis - c * r / root


def trace(surfaces, place):
    """The total matrix of the ray along +z through `place`."""
    p, k, n = np.array([*place, -0.4]), np.array([0.0, 0.0, 1.0]), 1.0
    total = np.eye(3, dtype=complex)
    for surface in surfaces:
        for _ in range(60):
            height, gradient = sag(surface, p)
            p = p - k * height / (gradient @ k)
        normal = sag(surface, p)[1]
        normal /= np.linalg.norm(normal)
        cosine = k @ normal
        if surface["mode"] == "reflect":
            out = k - 2 * cosine * normal
        else:
            ratio = n / surface["index"]
            out = ratio * k + (np.sign(cosine) * np.sqrt(1 - ratio**2 * (1 - cosine**2)) - ratio * cosine) * normal
        # poke wants both indices where light goes through.
        coating = surface["index"] if surface["mode"] == "reflect" else (n, surface["index"])
        settings = dict(coating=coating, mode=surface["mode"])
        angle = np.array(np.arccos(abs(cosine)))
        matrix, _, _ = prt_matrix(k, out, normal, angle, settings, 1e-6, n)
        total = np.array(matrix) @ total
        k = out
        if surface["mode"] == "transmit":
            n = surface["index"]
    return total


result = {}
for name, (surfaces, places) in SYSTEMS.items():
    matrices = [trace(surfaces, place) for place in places]
    parts = [[[z.real, z.imag] for z in matrix.flatten()] for matrix in matrices]
    told = [{**s, "index": [complex(s["index"]).real, complex(s["index"]).imag]} for s in surfaces]
    result[name] = {"surfaces": told, "places": places, "matrices": parts}
print(json.dumps(result, indent=1))
