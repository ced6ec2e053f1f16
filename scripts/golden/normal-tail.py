"""Prints the coefficients of src/kernels/assembly/normal.ts, and the relative error of R with them.

Run: python3 scripts/golden/normal-tail.py (needs mpmath).

1/R(a) = sqrt(2 pi) a + W(a) with W = N/D, deg N = deg D - 1. Least squares for N - W D = 0, which is linear in the
coefficients, with weights that make the error that of R, and reweighted by the errors themselves (Lawson's method)
until the peaks are about level.
"""

import mpmath
from mpmath import erfc, exp, mpf, pi, sqrt

mpmath.mp.dps = 80
ROOT = sqrt(2 * pi)
# Both polynomials are times this: see normal.ts.
SCALE = mpf("1.75")


def tail_ratio(a):
    return erfc(a / sqrt(mpf(2))) * exp(a * a / 2) / 2


def fit(degree, farthest, rounds=14):
    """N (of degree - 1) and D, with the constants 2 and 1, lowest power first; and the largest relative error."""
    count = 12 * (2 * degree - 1)
    # Chebyshev's points in (a - 3)/(a + 3), which spreads what happens near 0.
    end = (mpf(farthest) - 3) / (mpf(farthest) + 3)
    places = [-1 + (end + 1) * (1 - mpmath.cos(pi * (i + mpf(1) / 2) / count)) / 2 for i in range(count)]
    points = [3 * (1 + q) / (1 - q) for q in places]
    ratios = [tail_ratio(a) for a in points]
    targets = [1 / r - ROOT * a for a, r in zip(points, ratios)]

    weights = [mpf(1)] * count
    under = [mpf(1)] * count
    best = None
    for step in range(rounds):
        rows, right = [], []
        for a, target, ratio, weight, d in zip(points, targets, ratios, weights, under):
            s = sqrt(weight) * ratio / d
            rows.append([s * a**j for j in range(1, degree)] + [-s * target * a**j for j in range(1, degree + 1)])
            right.append(s * (target - 2))
        found = least_squares(rows, right)
        n = [mpf(2), *found[: degree - 1]]
        d = [mpf(1), *found[degree - 1 :]]
        under = [mpmath.polyval(d[::-1], a) for a in points]
        errors = [
            abs(mpmath.polyval(n[::-1], a) / u - target) * ratio
            for a, u, target, ratio in zip(points, under, targets, ratios)
        ]
        if best is None or max(errors) < best[0]:
            best = (max(errors), n, d)
        if step > 1:
            mean = mpmath.fsum(w * e for w, e in zip(weights, errors)) / count
            weights = [max(w * e / mean, mpf(10) ** -20) for w, e in zip(weights, errors)]
    return best


def least_squares(rows, right):
    size = len(rows[0])
    normal = mpmath.matrix(size, size)
    vector = mpmath.matrix(size, 1)
    for i in range(size):
        for j in range(size):
            normal[i, j] = mpmath.fsum(row[i] * row[j] for row in rows)
        vector[i] = mpmath.fsum(row[i] * value for row, value in zip(rows, right))
    return list(mpmath.lu_solve(normal, vector))


if __name__ == "__main__":
    for name, degree, farthest in (("float32", 5, 15), ("float64", 10, 39)):
        error, n, d = fit(degree, farthest)
        print(f"{name}: relative error {mpmath.nstr(error, 3)}")
        for letter, coefficients in (("N", n), ("D", d)):
            print(letter, [mpmath.nstr(SCALE * c, 20) for c in coefficients[::-1]])
