"""
The environments in which a failure goes on since a fix, by the rate that it had: while it does in one, none has held.

A sum hides them: many records of one environment make the rate of all small, whatever goes on in another. So each is
compared with its own rate before, where that is known, else with the lowest that is known, since an environment can go
on under another name and nobody knows which. Environments of so few records that none has to fail are taken together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import floor

from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import InterimAnalysis
from diagnosis.statistics.overdispersion import Overdispersion
from diagnosis.statistics.rates import Counts, Ratio, Tails, rate_ratio
from diagnosis.verification import reasons
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import ENOUGH, SURELY_HALVED, Judgement, Verdict, interval_verdict

NONE = Counts(0, 0)
FEWEST = 2  # failures; one is no rate
WORST_FIRST: tuple[Verdict, ...] = ("regressed", "unchanged", "inconclusive")
ByEnvironment = Mapping[str, Counts]


@dataclass(frozen=True, slots=True)
class FailingPart:
    """One environment, or those with few records together: the counts that it is compared with, and those since."""

    before: Counts
    after: Counts
    is_one: bool = True

    @property
    def goes_on(self) -> bool:
        """Whether it fails since at half of the rate before, at least."""
        return self.after.failures > 0 and (self.after.rate or 0.0) >= SURELY_HALVED * (
            self.before.rate or 0.0
        )

    @property
    def is_alone(self) -> bool:
        """Whether it goes on, by more failures than one."""
        return self.goes_on and self.after.failures >= FEWEST

    @property
    def is_small(self) -> bool:
        """Whether so few records ran since that none has to fail at the rate before."""
        return (self.before.rate or 0.0) * self.after.exposure < ENOUGH

    def more_until_less(self) -> int:
        """The further records without a failure after which it fails at less than half of the rate before."""
        at_most = self.after.failures / (SURELY_HALVED * (self.before.rate or 1.0))
        return max(1, floor(at_most) - self.after.exposure + 1)


@dataclass(frozen=True, slots=True)
class KnownRates:
    """The counts before of the environments whose rate is known, and those with the lowest of their rates."""

    by_environment: ByEnvironment
    lowest: Counts

    @classmethod
    def of(cls, before: ByEnvironment) -> KnownRates:
        """Of these counts, each looked at once, since anybody who sends spans can name thousands of environments."""
        whole = sum(before.values(), NONE)
        rate = whole.rate or 0.0
        known = {
            name: counts
            for name, counts in before.items()
            if counts.failures and (counts.failures >= ENOUGH or rate * counts.exposure >= ENOUGH)
        }
        return cls(known, min((whole, *known.values()), key=lambda counts: counts.rate or 0.0))

    def part_of(self, name: str, since: Counts) -> FailingPart:
        """The environment with the counts that it is compared with: its own, or the lowest of known rates."""
        return FailingPart(self.by_environment.get(name, self.lowest), since)


def judge_environments(
    judgement: Judgement,
    before: ComparedWindow,
    after: ComparedWindow,
    overdispersion: Overdispersion,
    last: InterimAnalysis,
) -> Judgement:
    """The judgement, or that on the environment in which it goes on, if all together would have held."""
    if judgement.verdict != "held" or before.environments is None or after.environments is None:
        return judgement
    parts = going_on(before.environments, after.environments)
    if not parts:
        return judgement
    spent = alpha_spending.tails(max(1, judgement.analysis.number))
    tails = Tails(spent.low / len(parts), spent.high / len(parts))
    judged = [(*judged_part(part, overdispersion, tails), part) for part in parts]
    verdict, ratio, part = min(judged, key=lambda one: WORST_FIRST.index(one[0]))
    if judgement.analysis.number == last.number:  # between two analyses, nothing new is said
        verdict = "inconclusive"
    text = reasons.one_environment_reason(verdict, part.before, part.after, part.is_one)
    needed = sum(one.more_until_less() for one in parts) if verdict == "inconclusive" else None
    return replace(judgement, verdict=verdict, reason=text, needed=needed, ratio=ratio, tails=tails)


def judged_part(part: FailingPart, overdispersion: Overdispersion, tails: Tails) -> tuple[Verdict, Ratio]:
    """What the part says by itself; that it fails less than before is not enough to say anything of it."""
    ratio = rate_ratio(
        part.before, part.after, tails, overdispersion.inflation(part.before, part.after, tails)
    )
    verdict = interval_verdict(part.before, part.after, ratio)
    return verdict if verdict in WORST_FIRST else "inconclusive", ratio


def going_on(before: ByEnvironment, since: ByEnvironment) -> list[FailingPart]:
    """The environments that fail on, worst first; the small ones of which no one does, together, if they do."""
    known = KnownRates.of(before)
    parts = [known.part_of(name, since[name]) for name in sorted(since)]
    alone = [part for part in parts if part.is_alone]
    rest = together(part for part in parts if part.is_small and not part.is_alone)
    if rest.is_alone:
        alone.append(rest)
    return sorted(alone, key=lambda part: -(part.after.rate or 0.0) / (part.before.rate or 1.0))


def counting_new(before: ByEnvironment, since: ByEnvironment) -> set[str]:
    """The environments that ran only since the fix and fail on, so that they count: small ones all, or none."""
    known = KnownRates.of(before)
    parts = {
        name: known.part_of(name, counts)
        for name, counts in since.items()
        if not before.get(name, NONE).exposure
    }
    small = {name for name, part in parts.items() if part.is_small}
    counting = {name for name, part in parts.items() if part.goes_on and name not in small}
    return counting | small if together(parts[name] for name in sorted(small)).goes_on else counting


def together(parts: Iterable[FailingPart]) -> FailingPart:
    """These parts as one, compared with the lowest of their rates."""
    chosen = list(parts)
    lowest = min((part.before for part in chosen), key=lambda counts: counts.rate or 0.0, default=NONE)
    return FailingPart(lowest, sum((part.after for part in chosen), NONE), is_one=False)
