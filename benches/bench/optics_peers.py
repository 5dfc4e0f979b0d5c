"""The sum of Gaussian beamlets on pixels by Numba. Usage: optics_peers.py BEAMLETS PIXELS

Prints beamlet-pixels per second of one core: an exponential, a sine and a cosine for each beamlet at each pixel, compiled with fastmath.
"""
import math
import sys
import time

import numba
import numpy


@numba.njit(fastmath=True)
def add(exponents, pixels, real, imaginary):
    for beamlet in range(exponents.shape[0]):
        c = exponents[beamlet]
        for y in range(pixels):
            for x in range(pixels):
                size = c[0, 0] + (c[1, 0] + c[3, 0] * x) * x + (c[2, 0] + c[4, 0] * x + c[5, 0] * y) * y
                phase = c[0, 1] + (c[1, 1] + c[3, 1] * x) * x + (c[2, 1] + c[4, 1] * x + c[5, 1] * y) * y
                size = math.exp(size)
                real[y, x] += size * math.cos(phase)
                imaginary[y, x] += size * math.sin(phase)


beamlets, pixels = int(sys.argv[1]), int(sys.argv[2])
k = numpy.arange(beamlets) / beamlets
exponents = numpy.zeros((beamlets, 6, 2))
exponents[:, 0] = numpy.stack([-0.1 - 0 * k, 100 * k], 1)
exponents[:, 1] = numpy.stack([1e-3 * k, 0.3 + 0.2 * k], 1)
exponents[:, 2] = numpy.stack([-1e-3 * k, 0.2 - 0.3 * k], 1)
exponents[:, 3] = [-1e-5, 1e-5]
exponents[:, 4] = [1e-6, 2e-6]
exponents[:, 5] = [-1e-5, 2e-5]
real, imaginary = numpy.zeros((2, pixels, pixels))
add(exponents[:1], pixels, real, imaginary)
start = time.process_time()
add(exponents, pixels, real, imaginary)
print(beamlets * pixels**2 / (time.process_time() - start))
