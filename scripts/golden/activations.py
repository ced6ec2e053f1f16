"""Writes test/fixtures/activation_values.json: activations and their slopes in 60 digits, rounded to float64.

Run from the root of the repository: python3 scripts/golden/activations.py (needs mpmath; 1.3.0 made the file).
"""

import json
import random
import struct

import mpmath
from mpmath import erfc, exp, expm1, log1p, mpf, pi, sqrt, tanh

mpmath.mp.dps = 60

# Where something happens: next to 0, at the bounds of the intervals that the kernels use, at the zero of GELU's slope,
# and where results end in 1, in subnormal numbers and in 0.
PLACES = [
    1e-40, 1e-30, 1e-8, 1e-4, 0.01, 0.1, 0.25, 0.3465, 0.3467, 0.5, 0.6629, 0.75179, 1, 1.0398, 1.5, 2, 3, 4, 5, 5.6568,
    5.6569, 6, 7, 8, 9, 10, 12, 13, 14, 14.4, 15, 16, 17, 18, 20, 25, 30, 36, 37, 37.5, 38, 38.5, 39, 40, 50, 80,
    87, 88,
    89, 100, 103, 104, 200, 500, 700, 708, 709, 710, 740, 745, 746, 1e3, 1e4,
]
# Between them: how far from 0, and how many.
SPREAD = [(0.5, 15), (3, 30), (10, 20), (40, 15), (750, 15)]


def phi(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def gelu_tanh(x):
    z = 2 * sqrt(2 / pi) * (x + mpf("0.044715") * x**3)
    return x / (1 + exp(-z))


FUNCTIONS = {
    "sigmoid": lambda x: 1 / (1 + exp(-x)),
    "tanh": tanh,
    "elu": lambda x: x if x > 0 else expm1(x),
    "eluSlope": lambda x: mpf(1) if x > 0 else exp(x),
    "gelu": lambda x: x * phi(x),
    "geluSlope": lambda x: phi(x) + x * exp(-x * x / 2) / sqrt(2 * pi),
    "normalCdf": phi,
    "geluTanh": gelu_tanh,
    "softplus": lambda x: log1p(exp(x)) if x < 0 else x + log1p(exp(-x)),
    "silu": lambda x: x / (1 + exp(-x)),
    "siluSlope": lambda x: (1 + x / (1 + exp(x))) / (1 + exp(-x)),
}


def to_float32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def table(round_input):
    draw = random.Random(1)
    xs = [0.0]
    for place in PLACES:
        xs += [round_input(place), round_input(-place)]
    for far, count in SPREAD:
        xs += [round_input(draw.uniform(-far, far)) for _ in range(count)]
    rows = {name: [float(f(mpf(x))) for x in xs] for name, f in FUNCTIONS.items()}
    return {"x": xs, **rows}


if __name__ == "__main__":
    tables = {"float64": table(float), "float32": table(to_float32)}
    text = json.dumps(tables).replace('], "', '],\n"').replace('}, "', '},\n"')
    with open("test/fixtures/activation_values.json", "w", encoding="utf-8") as file:
        file.write(text + "\n")
