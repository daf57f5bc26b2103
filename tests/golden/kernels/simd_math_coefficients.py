"""Fits the polynomials of kernels/common/simd_math-inl.h (needs numpy): near-minimax in the weighted sense, by
Lawson's iteratively reweighted least squares in double, printed as float32 literals with the error reached."""

import math

import numpy as np


def fit(name, basis, target, weight, low, high, points=4000, rounds=200):
    """Minimises max |weight (basis · c - target)| over Chebyshev points of [low, high]."""
    nodes = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(np.pi * (np.arange(points) + 0.5) / points)
    columns = np.stack([b(nodes) for b in basis], axis=1)
    wanted = np.array([target(x) for x in nodes])
    scale = np.array([weight(x) for x in nodes])
    lawson = np.ones(points)
    best, best_error = None, math.inf
    for _ in range(rounds):
        root = np.sqrt(lawson) * scale
        solution, *_ = np.linalg.lstsq(columns * root[:, None], wanted * root, rcond=None)
        error = np.abs(scale * (columns @ solution - wanted))
        if error.max() < best_error:
            best, best_error = solution, error.max()
        lawson *= error + 1e-30
        lawson /= lawson.sum() / points
    print(f"{name}: weighted error {best_error:.2e}")
    print("   ", ", ".join(f"{np.float32(c):.9g}f" for c in best))


def powers(*exponents):
    return [lambda x, e=e: x**e for e in exponents]


def series(function, derivative_terms, x):
    """sum of derivative_terms(k) x^k: where the closed form cancels."""
    return sum(derivative_terms(k) * x**k for k in range(30))


half_ln2 = 0.5 * math.log(2) * 1.001
# exp(r) = 1 + r + r^2 P(r)
fit("exp", powers(0, 1, 2, 3, 4), lambda r: sum(r**k / math.factorial(k + 2) for k in range(25)),
    lambda r: r * r / math.exp(r), -half_ln2, half_ln2)
# tanh(x) = x + x^3 P(x^2)
fit("tanh", powers(0, 2, 4, 6, 8), lambda x: (math.tanh(x) - x) / x**3, lambda x: x**3 / math.tanh(x), 0.02, 0.625)
# erf(x) = x + x P(x^2)
fit("erf, small", powers(0, 2, 4, 6, 8, 10), lambda x: math.erf(x) / x - 1, lambda x: x / math.erf(x), 0.001, 0.921875)
# erf(x) = 1 - exp(-Q(x))
fit("erf, large", powers(0, 1, 2, 3, 4, 5, 6, 7), lambda x: -math.log(math.erfc(x)), lambda x: math.erfc(x) / math.erf(x),
    0.92, 4.0)
# log(1 + f) = f - f^2/2 + f^3 P(f)
def log_tail(f):
    if abs(f) < 0.03:
        return sum((-1) ** k * f**k / (k + 3) for k in range(30))
    return (math.log1p(f) - f + f * f / 2) / f**3


fit("log", powers(*range(9)), log_tail, lambda f: abs(f) ** 3 / max(abs(math.log1p(f)), 1e-3), math.sqrt(0.5) - 1, math.sqrt(2) - 1)
