"""
The counts by which a fix is judged: without environments in which the failure never came, though it could have.

A failure of staging alone comes back in staging alone. Records of production, where it never came, would make its rate
small and then, since none of them fails, look like a fix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.display.quantities import counted
from diagnosis.statistics.overdispersion import estimate_overdispersion
from diagnosis.statistics.rates import Counts
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import ENOUGH

NONE = Counts(0, 0)
NOWHERE = (
    "Nothing ran with the fix in the environments in which it failed, so nothing can be said: {records} of "
    "environments in which none of {before:,} failed before show nothing."
)
NOT_COUNTED = (
    "Not counted: {records} of environments in which none of {before:,} failed before, "
    "where some were to be expected."
)


@dataclass(frozen=True, slots=True)
class JudgedCounts:
    """The counts before and after by which a fix is judged, and those of the environments that are left out of them."""

    before: Counts
    after: Counts
    elsewhere: tuple[Counts, Counts] = (NONE, NONE)

    def reason(self, text: str) -> str:
        """The reason for the verdict, with what is not counted since the fix, if anything is."""
        records, before = counted(self.elsewhere[1].exposure, "record"), self.elsewhere[0].exposure
        if not self.elsewhere[1].exposure:
            return text
        if not self.after.exposure:
            return NOWHERE.format(records=records, before=before)
        return f"{text} {NOT_COUNTED.format(records=records, before=before)}"


def judged_counts(before: ComparedWindow, after: ComparedWindow) -> JudgedCounts:
    """The counts of both sides; all of them where the parts by environment are not known, or none is to be left out."""
    parts, since = before.environments, after.environments
    if parts is None or since is None:
        return JudgedCounts(before.counts, after.counts)
    quiet = {name for name in quiet_environments(before) if not since.get(name, NONE).failures}
    then, now = (sum((side.get(name, NONE) for name in quiet), NONE) for side in (parts, since))
    return JudgedCounts(less(before.counts, then), less(after.counts, now), (then, now))


def quiet_environments(before: ComparedWindow) -> set[str]:
    """
    The environments without a failure, though at the rate of all so many were to be expected that none comes by chance
    in any of them with 1 % at most (Bonferroni), as many as failures come together.
    """
    parts, rate = before.environments or {}, before.counts.rate or 0.0
    overdispersion = estimate_overdispersion(before.observed, before.observed)
    enough = ENOUGH + math.log(max(1, len(parts)))
    return {
        name
        for name, part in parts.items()
        if not part.failures and overdispersion.absence(rate * part.exposure) >= enough
    }


def less(counts: Counts, others: Counts) -> Counts:
    """The counts without others, which are a part of them; a store that is damaged may count more of these."""
    exposure = max(counts.failures, counts.exposure - others.exposure)
    return Counts(counts.failures, exposure)
