"""
The chance that all events fall into one part of the records, if they fell on the records at random.

The hypergeometric distribution: https://en.wikipedia.org/wiki/Hypergeometric_distribution
"""

from __future__ import annotations

import math


def all_in_part(events: int, part: int, whole: int) -> float:
    """C(part, events) / C(whole, events): the chance that `events` of `whole` records are all among `part` of them."""
    if events > part:
        return 0.0
    return min(1.0, math.exp(log_choices(part, events) - log_choices(whole, events)))


def log_choices(number: int, chosen: int) -> float:
    """log C(number, chosen), without its part `chosen!`, which cancels out."""
    return math.lgamma(number + 1) - math.lgamma(number - chosen + 1)
