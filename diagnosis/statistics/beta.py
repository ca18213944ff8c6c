"""
The quantile of the beta distribution, to 7 or more digits for parameters up to 10**7, within a millisecond.

The regularized incomplete beta function is the continued fraction of https://dlmf.nist.gov/8.17#v, evaluated
by Lentz's method (https://dlmf.nist.gov/3.10#iii). Its quantile is found by Newton's method on the logarithm
of the tail over log-odds: that function is concave, so from the left each step stays left of the root.
"""

from __future__ import annotations

import math

TINY = 1e-300  # stands for a zero denominator in Lentz's method
DIGITS = 1e-14  # relative change below which the continued fraction has converged


def log_odds_quantile(tail: float, a: float, b: float) -> float:
    """The log-odds, log(p / (1 - p)), of the p below which Beta(a, b) has the (small) probability `tail`."""
    target = math.log(tail)
    log_odds = math.log(a / b) - 3 * math.sqrt(1 / a + 1 / b)
    for _ in range(100):
        log_tail, slope = log_lower_tail(log_odds, a, b)
        step = (target - log_tail) / slope
        log_odds += step
        if abs(step) < 1e-12 * max(1.0, abs(log_odds)):
            return log_odds
    return log_odds


def log_lower_tail(log_odds: float, a: float, b: float) -> tuple[float, float]:
    """log I_p(a, b) and its slope over log-odds, for p below the mean, where the fraction converges quickly."""
    log_p = -softplus(-log_odds)
    log_q = -softplus(log_odds)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    fraction = continued_fraction(math.exp(log_p), a, b) / a
    return a * log_p + b * log_q - log_beta + math.log(fraction), 1 / fraction


def softplus(x: float) -> float:
    """log(1 + e^x), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def continued_fraction(p: float, a: float, b: float) -> float:
    """The continued fraction of DLMF 8.17.22, evaluated from the front until it converges."""
    c, d = 1.0, 1 / nonzero(1 - (a + b) * p / (a + 1))
    value = d
    for m in range(1, 1_000_000):
        for term in (
            m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / nonzero(1 + term * d)
            c = nonzero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < DIGITS:
            return value
    return value


def nonzero(value: float) -> float:
    """The value, or TINY in place of 0."""
    return value or TINY
