"""Histories of a fix, drawn by a seed: how often and in which bursts it failed before, and what ran since."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from diagnosis.models import Loop
from diagnosis.statistics.alpha_spending import NO_ANALYSIS
from diagnosis.statistics.rates import Counts
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.comparison import Comparison, judge_rates
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Stretches, Target
from telemetry.windows import MINUTE_NANO, Window

SHIPPED_MINUTE = 29_000_000  # since 1970
RATES = (0.001, 0.01, 0.05, 0.3, 1.0)
RECORDS_AN_HOUR = (0.5, 4, 60, 900)
HOURS = (0.1, 1, 24, 24 * 7, 24 * 30)
BURSTS = (0, 1, 3)  # in which all failures of the window before come; 0: they come at any time
STILL_FAILS = (0.0, 0.0, 0.05, 1.0)  # of the rate before


@dataclass(frozen=True, slots=True)
class History:
    """What ran before and since a fix, by minute of either window."""

    before: tuple[int, Stretches]  # the minutes of the window
    after: tuple[int, Stretches]

    def compared(self) -> Comparison:
        """Both windows, as they are judged."""
        ends = SHIPPED_MINUTE * MINUTE_NANO
        sides = [
            ComparedWindow(window, observed(stretches))
            for window, stretches in (
                (Window(ends - self.before[0] * MINUTE_NANO, ends), self.before[1]),
                (Window(ends, ends + self.after[0] * MINUTE_NANO), self.after[1]),
            )
        ]
        target = Target("shop", frozenset({"place order"}), 1)
        return Comparison(*sides, target, judge_rates(*sides, NO_ANALYSIS), counts=False)

    def going_on(self, records: int, minutes: int) -> History:
        """The history once so many more records came over these minutes, none of which failed."""
        length, stretches = self.after
        more = dict(stretches)
        for number in range(records):
            minute = length + number * minutes // records
            more[minute] = more.get(minute, Counts(0, 0)) + Counts(0, 1)
        return replace(self, after=(length + minutes, more))


def observed(stretches: Stretches) -> Any:
    """The counts of these minutes, each record a session of its own, also until the last failure."""
    failures = sum(counts.failures for counts in stretches.values())
    found = cluster_counts.observed(stretches, [Counts(1, 1)] * failures)
    last = max((minute for minute, counts in stretches.items() if counts.failures), default=None)
    if last is None:
        return found
    until = {minute: counts for minute, counts in stretches.items() if minute <= last}
    return replace(found, at_last_failure=cluster_counts.observed(until, [Counts(1, 1)] * failures))


def drawn(seed: int) -> History:
    """A history."""
    chance = random.Random(seed)
    rate, pace = chance.choice(RATES), chance.choice(RECORDS_AN_HOUR)
    before, after = (max(2, int(60 * chance.choice(HOURS))) for _ in range(2))
    fails_since = rate * chance.choice(STILL_FAILS)
    quiet = chance.random() < 0.1
    return History(
        (before, traffic(chance, before, pace, rate, chance.choice(BURSTS))),
        (after, {} if quiet else traffic(chance, after, pace * chance.choice((0.5, 1, 2)), fails_since, 0)),
    )


def traffic(chance: random.Random, minutes: int, pace: float, rate: float, bursts: int) -> Stretches:
    """Records at a steady pace an hour, at most 3,000 of them."""
    number = min(3_000, max(1, round(pace * minutes / 60)))
    failing = [chance.random() < rate for _ in range(number)]
    if bursts:  # as many failures, side by side
        size, starts = -(-sum(failing) // bursts), [chance.randrange(number) for _ in range(bursts)]
        failing = [any(0 <= place - start < size for start in starts) for place in range(number)]
    stretches: Stretches = {}
    for place, fails in enumerate(failing):
        minute = place * minutes // number
        stretches[minute] = stretches.get(minute, Counts(0, 0)) + Counts(int(fails), 1)
    return stretches


def loop_about(signal_type: str = "error") -> Loop:
    """A loop that is not stored, whose fix shipped."""
    return Loop(state=Loop.State.SHIPPED, signal_type=signal_type, operation="place order")
