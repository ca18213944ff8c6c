"""
The error budgets of a fix's verdicts, so that an agent may verify any time.

`held` may be said at any time: how few failures came decides from which exposure on, and not how often somebody looked.
After j failures it may err with the chance `held_tail(j)`; for all j together that is 2 EVER_HELD.

The other verdicts come from interim analyses. Each analysis of growing data can err, and many analyses err often. So
the chance of a false claim is a budget for all analyses of a fix together, of which analysis k may spend 6 / (pi k)^2
(alpha spending: Lan and DeMets 1983, https://doi.org/10.1093/biomet/70.3.659; these shares add up to 1). An analysis
counts only when the information has doubled since the last one; in between, the last verdict stands and nothing is
spent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.statistics.rates import Tails

EVER_HELD = (
    0.01  # the chance that a fix that changed nothing is ever called held before a failure, and after one
)
EVER_IMPROVED = 0.02  # the chance that it is ever called improved
EVER_REGRESSED = 0.05  # the chance that it is ever called regressed; a false alarm costs a human review
EVER_REGRESSED_IN_A_RELEASE = (
    0.01  # the chance that a release since the fix is ever called regressed by itself
)
GROWTH = 2  # times the information of the last analysis, for the next one to count


@dataclass(frozen=True, slots=True)
class InterimAnalysis:
    """The number of an interim analysis, from 1, and the information at it; both are 0 before the first."""

    number: int = 0
    information: float = 0.0

    def next(self, information: float) -> InterimAnalysis:
        """The interim analysis after this one."""
        return InterimAnalysis(self.number + 1, information)

    def is_due(self, information: float, first: float) -> bool:
        """Whether the information is enough for the next analysis; the first one needs `first`."""
        return information >= max(first, GROWTH * self.information)


NO_ANALYSIS = InterimAnalysis()


def tails(number: int) -> Tails:
    """The chances that the bounds of the interval may err at the interim analysis with this number."""
    share = 6 / (math.pi * number) ** 2
    return Tails(low=EVER_REGRESSED * share, high=EVER_IMPROVED * share)


def held_tail(failures: int) -> float:
    """The chance with which `held` may err after so many failures since the fix."""
    return EVER_HELD * (6 / (math.pi * failures) ** 2 if failures else 1)


def release_tail(number: int, releases: int) -> float:
    """The chance with which one of so many releases may be called regressed at that interim analysis."""
    return EVER_REGRESSED_IN_A_RELEASE * 6 / (math.pi * max(1, number)) ** 2 / releases
