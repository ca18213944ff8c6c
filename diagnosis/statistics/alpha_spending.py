"""
When a look counts, and what it costs: so that an agent may ask as often as it likes.

Each look at growing data can err, and many looks err often. So the chance of a false claim is a budget for all looks
of a fix together, of which look k may spend 6 / (pi k)^2 (alpha spending: Lan and DeMets 1983,
https://doi.org/10.1093/biomet/70.3.659; these shares add up to 1). And a look counts only when what is known doubled
since the last one; in between, the last verdict stands and nothing is spent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.statistics.rates import Tails

EVER_IMPROVED = 0.02  # the chance to ever call a fix held or improved that changed nothing
EVER_REGRESSED = 0.05  # to ever call it a regression: a false alarm costs a second look of a human
GROWTH = 2


@dataclass(frozen=True, slots=True)
class Look:
    """The number of a look, from 1, and what was known at it; 0 before the first."""

    number: int = 0
    information: float = 0.0

    def next(self, information: float) -> Look:
        """The look after this one."""
        return Look(self.number + 1, information)

    def is_due(self, information: float, first: float) -> bool:
        """Whether enough is known for another look; `first`: for the first one."""
        return information >= max(first, GROWTH * self.information)


NO_LOOK = Look()


def tails(look: int) -> Tails:
    """How often the bounds of the interval at this look may err."""
    share = 6 / (math.pi * look) ** 2
    return Tails(low=EVER_REGRESSED * share, high=EVER_IMPROVED * share)
