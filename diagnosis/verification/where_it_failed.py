"""
The counts by which a fix is judged: without environments in which the failure never came, though it could have, without
new ones that are no worse, and each environment compared with itself.

A failure of staging alone comes back in staging alone. Records of production, where it never came, would make its rate
small and then, since none of them fails, look like a fix. So would those of an environment that is new since the fix,
of which nobody knows whether it would have failed before. Where it comes in several environments, and their shares of
the traffic change with the fix, the rate of all changes with them, though that of none does (strata.py). "" is an
environment as any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnosis.display.quantities import counted, significant
from diagnosis.statistics.overdispersion import estimate_overdispersion
from diagnosis.statistics.rates import Counts
from diagnosis.statistics.strata import Stratum, weighed_before
from diagnosis.verification import reasons
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.failing_environments import counting_new
from diagnosis.verification.rate_verdict import ENOUGH

NONE = Counts(0, 0)
ByEnvironment = Mapping[str, Counts]
NOWHERE = (
    "Nothing ran with the fix in the environments in which it failed, so nothing can be said: "
    "{left_out} show nothing."
)
QUIET = "{records} of environments in which none of {before:,} failed before"
NEW = "{records} of environments in which nothing ran before the fix"
WEIGHED = "Each environment is compared with itself: at the rates before, about {expected} were to be expected of them."
SHIFTED = (
    1.1  # times the rate before, or its inverse, from which on the shares of environments make it another one
)


@dataclass(frozen=True, slots=True)
class JudgedCounts:
    """
    The counts before and after by which a fix is judged, and those of the environments that are left out of them.

    `compared` stands for `before` where rates are compared: the same, if no share of an environment changed.
    """

    before: Counts
    after: Counts
    elsewhere: tuple[Counts, Counts] = (
        NONE,
        NONE,
    )  # of environments in which it never came, before and after
    compared: Counts = NONE
    new: Counts = NONE  # of environments that ran only since the fix

    def reason(self, text: str) -> str:
        """The reason for the verdict, with what is not counted since the fix, and how environments are compared."""
        if self.is_shifted:
            expected = significant((self.compared.rate or 0.0) * self.after.exposure)
            text = f"{text} {WEIGHED.format(expected=expected)}"
        quiet, new = self.left_out()
        if not self.after.exposure and (quiet or new):
            return NOWHERE.format(left_out=" and ".join(filter(None, (quiet, new))))
        quiet = quiet and f"Not counted: {quiet}, where some were to be expected."
        new = new and f"Not counted: {new}: how often it would have failed there, nobody knows."
        return " ".join(filter(None, (text, quiet, new)))

    def left_out(self) -> tuple[str, str]:
        """The records since the fix that are not counted, in words: of quiet environments, and of new ones."""
        quiet, new = self.elsewhere[1], self.new
        records = reasons.counts_sentence(new) if new.failures else counted(new.exposure, "record")
        return (
            QUIET.format(records=counted(quiet.exposure, "record"), before=self.elsewhere[0].exposure)
            if quiet.exposure
            else "",
            NEW.format(records=records) if new.exposure else "",
        )

    @property
    def is_partial(self) -> bool:
        """Whether environments are left out."""
        return bool(self.elsewhere[0].exposure or self.new.exposure)

    @property
    def is_shifted(self) -> bool:
        """Whether the shares of environments changed so much that the rate of all would mislead."""
        plain, compared = self.before.rate or 0.0, self.compared.rate or 0.0
        return self.after.exposure > 0 and not plain / SHIFTED <= compared <= plain * SHIFTED


def judged_counts(before: ComparedWindow, after: ComparedWindow) -> JudgedCounts:
    """The counts of both sides; all of them where the parts by environment are not known, or none is to be left out."""
    parts, since = before.environments, after.environments
    if parts is None or since is None:
        return JudgedCounts(before.counts, after.counts, compared=before.counts)
    ran_since = since.keys() - {name for name, part in parts.items() if part.exposure}
    new = ran_since - counting_new(parts, since)
    quiet = silent_environments(before, since) - ran_since
    then, now = (total_of(quiet, side) for side in (parts, since))
    without = total_of(new, since)
    judged = less(before.counts, then), less(after.counts, now + without)
    names = (parts.keys() | since.keys()) - quiet - new
    compared = judged[0] if len(names) < 2 else weighed_before(strata(names, parts, since))
    return JudgedCounts(*judged, (then, now), compared, without)


def total_of(names: Iterable[str], side: ByEnvironment) -> Counts:
    """The counts of these environments of one side together."""
    return sum((side.get(name, NONE) for name in names), NONE)


def silent_environments(before: ComparedWindow, since: ByEnvironment) -> set[str]:
    """The environments that say nothing: quiet ones and, where nothing ran where it failed, all without a failure."""
    parts = before.environments or {}
    healthy = {name for name in parts.keys() | since.keys() if not total(name, parts, since).failures}
    quiet = quiet_environments(before) & healthy
    groups = strata((parts.keys() | since.keys()) - quiet, parts, since)
    failing = [now for then, now in groups if then.failures + now.failures]
    return healthy if failing and not any(now.exposure for now in failing) else quiet


def total(name: str, parts: ByEnvironment, since: ByEnvironment) -> Counts:
    """The counts of an environment on both sides together."""
    return parts.get(name, NONE) + since.get(name, NONE)


def strata(names: Iterable[str], parts: ByEnvironment, since: ByEnvironment) -> list[Stratum]:
    """
    Both sides of each environment in which something ran before and since; the others together, as one stratum, since
    an environment that is gone can go on under another name.
    """
    pairs = [(parts.get(name, NONE), since.get(name, NONE)) for name in sorted(names)]
    both = [(then, now) for then, now in pairs if then.exposure and now.exposure]
    rest = [(then, now) for then, now in pairs if not (then.exposure and now.exposure)]
    before, after = sum((then for then, _ in rest), NONE), sum((now for _, now in rest), NONE)
    return [*both, (before, after)]


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
    failures = max(0, counts.failures - others.failures)
    return Counts(failures, max(failures, counts.exposure - others.exposure))
