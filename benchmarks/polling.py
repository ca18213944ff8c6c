"""
An agent that asks every ten minutes for a week about a fix that changed nothing: how often is it told something false?

Seeded; rates and traffic of many sizes, half of them in bursts. Looks are counted as the product counts them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from diagnosis.statistics.alpha_spending import NO_ANALYSIS
from diagnosis.statistics.overdispersion import Observed, estimate_overdispersion
from diagnosis.statistics.rates import Counts
from diagnosis.verification.rate_verdict import ENOUGH, information, judge_rates
from diagnosis.window.cluster_counts import Stretches, batches

POLLS = 6 * 24 * 7
BEFORE = 6 * 24  # a day
BURST = 0.5  # variance of the factor of each hour
RATES, RECORDS = (0.005, 0.02, 0.1, 0.4), (0.2, 2, 20)  # failures a record, records in ten minutes


def simulate(runs: int, seed: int = 7) -> dict[str, float]:
    """The share of runs in which each verdict was ever given."""
    chance = random.Random(seed)
    told: Counter[str] = Counter()
    for run in range(runs):
        rate, records, bursty = chance.choice(RATES), chance.choice(RECORDS), run % 2 == 1
        told.update(verdicts(traffic(chance, rate, records, bursty), traffic(chance, rate, records, bursty)))
    return {f"ever_{verdict}": told[verdict] / runs for verdict in ("held", "improved", "regressed")}


def traffic(chance: random.Random, rate: float, records: float, bursty: bool) -> Iterator[Counts]:
    """Endless stretches of ten minutes."""
    factor = 1.0
    while True:
        factor = chance.gammavariate(1 / BURST, BURST) if bursty and chance.random() < 1 / 6 else factor
        ran = int(records) + (chance.random() < records - int(records))
        yield Counts(sum(chance.random() < rate * factor for _ in range(ran)), ran)


def verdicts(past: Iterator[Counts], future: Iterator[Counts]) -> set[str]:
    """Every verdict that the agent is told in the week."""
    before = observed({minute: next(past) for minute in range(BEFORE)})
    after: Stretches = {}
    known, last, told = Counts(0, 0), NO_ANALYSIS, set[str]()
    for poll in range(POLLS):
        after[poll] = next(future)
        known += after[poll]
        if last.is_due(information(before.counts, known), ENOUGH):
            seen = observed(after)
            found = judge_rates(before.counts, known, estimate_overdispersion(before, seen), last)
            last = found.analysis
            told.add(found.verdict)
            if found.verdict in ("held", "regressed"):  # the loop leaves the state in which it is judged so
                return told
    return told


def observed(minutes: Stretches) -> Observed:
    """Without sessions."""
    return Observed(sum(minutes.values(), Counts(0, 0)), batches(minutes))
