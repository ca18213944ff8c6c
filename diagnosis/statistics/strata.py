"""
Two failure rates compared within strata, such as environments, so that a shift of traffic between them is no change.

Given all failures of a stratum, each of them came after with the chance p = n1 / (n0 + n1) if its rate did not change:
the conditional test of rates.py. Over all strata their number is a sum of trials with different chances. Its tails are
no heavier than those of as many trials with the mean of these chances (Hoeffding 1956,
https://doi.org/10.1214/aoms/1177728178); that none comes after has exactly the chance that the geometric mean of 1 - p
gives. So one pair of counts stands for all strata: with the exposure before at which that mean is the chance. The
strata are weighed by their failures, as in the estimate of a common ratio by Mantel and Haenszel (1959,
https://doi.org/10.1093/jnci/22.4.719).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from diagnosis.statistics.rates import Counts

Stratum = tuple[Counts, Counts]  # before and after


def weighed_before(strata: Sequence[Stratum]) -> Counts:
    """
    The counts before that compare with the sum of all counts after as each stratum does with itself.

    A stratum in which nothing ran after leaves the comparison as it is. One in which nothing ran before has its
    failures after in any case, so that they are evidence neither of more nor of less.
    """
    before, after = (sum(side, Counts(0, 0)) for side in zip(*strata, strict=True))
    share = share_after(strata) if after.exposure and (before + after).failures else 0.0
    if not share:
        return before
    return Counts(before.failures, max(before.failures, round(after.exposure * (1 - share) / share)))


def share_after(strata: Sequence[Stratum]) -> float:
    """The mean chance of the failures to come after if no rate changed; the exact one of none where none came."""
    failing = [(before, after) for before, after in strata if before.failures + after.failures]
    chances = [after.exposure / (before.exposure + after.exposure) for before, after in failing]
    failures = [before.failures + after.failures for before, after in failing]
    pairs = list(zip(failures, chances, strict=True))
    if any(after.failures for _, after in failing):
        return sum(number * chance for number, chance in pairs) / sum(failures)
    return -math.expm1(sum(number * math.log1p(-chance) for number, chance in pairs) / sum(failures))
