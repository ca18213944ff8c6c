"""
Attempts in the period that ends now, counted exactly over all processes, in the cache that they share.

Windows that begin at fixed times let twice the limit through around a border. Here no period of that length, wherever
it begins, has more attempts than the limit: each counts until the period, and the rest of a PARTS-th of it, are over.
Whoever is refused uses nothing up.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache

PARTS = 60  # of a period; attempts in the same one are counted together
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parsed_rate(rate: str) -> tuple[int, int]:
    """The count and the seconds of a rate such as `20/h` or `13/10m`. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d+)/(\d*)([smhd])", rate)
    if not found:
        raise ValueError(rate)
    return int(found[1]), int(found[2] or 1) * UNITS[found[3]]


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """The attempts of one client at one thing."""

    key: str
    limit: int
    seconds: int  # of the period

    def spend(self, now: float) -> int:
        """Count an attempt at this time, in unix seconds. Returns 0, or the seconds to wait if none is left."""
        number = self.part(now)
        own = self.count_in(number)
        # Whoever counts in a neighbouring part at the same time sees this one, or is seen.
        others = cache.get_many(
            [self.name(other) for other in range(number - PARTS, number + 2) if other != number]
        )
        if own + sum(others.values()) <= self.limit:
            return 0
        self.give_back(now)
        return self.seconds_to_wait(others, own - 1, now)

    def give_back(self, spent_at: float) -> None:
        """Forget an attempt that was counted at this time."""
        with suppress(ValueError):  # its part is over
            cache.decr(self.name(self.part(spent_at)))

    def part(self, at: float) -> int:
        """The number of the part that this time is in."""
        return int(at * PARTS / self.seconds)

    def name(self, number: int) -> str:
        """The key of a part in the cache."""
        return f"{self.key}:{number}"

    def count_in(self, number: int) -> int:
        """Count one more in this part; how many it has now."""
        lifetime = math.ceil(self.seconds * (PARTS + 2) / PARTS)
        while not cache.add(self.name(number), 1, lifetime):
            with suppress(ValueError):  # it expired meanwhile
                return int(cache.incr(self.name(number)))
        return 1

    def seconds_to_wait(self, others: dict[str, int], own: int, now: float) -> int:
        """The seconds until one more attempt is allowed, at least 1."""
        number = self.part(now)
        counts = {other: others.get(self.name(other), 0) for other in range(number - PARTS, number)} | {
            number: own
        }
        surplus, ends = sum(counts.values()) - self.limit, now + self.seconds
        for other, count in counts.items():  # the oldest first
            if surplus < 0:
                break
            surplus -= count
            ends = (other + PARTS + 1) * self.seconds / PARTS if count else ends
        return max(1, math.ceil(ends - now))
