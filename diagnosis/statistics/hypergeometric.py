"""
The hypergeometric distribution: how many of the marked records are among those drawn at random.

https://en.wikipedia.org/wiki/Hypergeometric_distribution
"""

from __future__ import annotations

import math
from collections.abc import Iterable

NEGLIGIBLE = 1e-12  # of the sum so far: a term from which on the rest is left out


def all_in_part(events: int, part: int, whole: int) -> float:
    """C(part, events) / C(whole, events): the chance that `events` of `whole` records are all among `part` of them."""
    if events > part:
        return 0.0
    return min(1.0, math.exp(log_choices(part, events) - log_choices(whole, events)))


def log_choices(number: int, chosen: int) -> float:
    """log C(number, chosen), without its part `chosen!`, which cancels out."""
    return math.lgamma(number + 1) - math.lgamma(number - chosen + 1)


def upper_tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """The chance of so many marked ones or more among those drawn; `marked` of `total` are marked."""
    least, most = max(0, drawn + marked - total), min(drawn, marked)
    if hits <= least or hits > most:
        return float(hits <= least)
    # The largest term, from which the terms fall in both directions.
    mode = min(max(hits, (drawn + 1) * (marked + 1) // (total + 2)), most)
    first = math.exp(
        log_choose(marked, mode) + log_choose(total - marked, drawn - mode) - log_choose(total, drawn)
    )
    up = (
        (marked - k) * (drawn - k) / ((k + 1) * (total - marked - drawn + k + 1)) for k in range(mode, most)
    )
    down = (
        k * (total - marked - drawn + k) / ((marked - k + 1) * (drawn - k + 1)) for k in range(mode, hits, -1)
    )
    return min(first * (1 + falling_sum(up) + falling_sum(down)), 1.0)


def falling_sum(ratios: Iterable[float]) -> float:
    """The sum of the terms after a first one of 1, given the ratio of each to the one before it, all 1 or less."""
    term, total = 1.0, 0.0
    for ratio in ratios:
        term *= ratio
        total += term
        if term < NEGLIGIBLE * (1 + total):
            break
    return total


def log_choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
