"""
An agent that asks every ten minutes for a week about a fix that changed nothing: how often is it told something false?

Seeded; rates and traffic of many sizes, half of them in bursts. Looks are counted as the product counts them. And how
often the failure of a fix that held is called back, falsely and rightly.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from diagnosis.statistics.alpha_spending import NO_ANALYSIS
from diagnosis.statistics.e_process import Block, Held, distances_between, strongest_evidence
from diagnosis.statistics.overdispersion import Observed, estimate_overdispersion, estimate_steadily
from diagnosis.statistics.rates import Counts
from diagnosis.verification.rate_verdict import (
    ENOUGH,
    NEARLY_GONE,
    expected_failures,
    information,
    judge_rates,
)
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Stretches

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
    return {
        f"ever_{verdict}": told[verdict] / runs for verdict in ("held", "improved", "regressed")
    } | monitored(runs // 2)


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
        if last.is_due(information(before.counts, known), ENOUGH) or may_hold(before.counts, known):
            seen = observed(after)
            overdispersion = estimate_overdispersion(before, seen)
            steady = estimate_steadily(before, seen, length=(poll + 1) / BEFORE)
            found = judge_rates(before.counts, known, overdispersion, last, steady)
            told |= {found.verdict} if found.analysis != last or found.verdict == "held" else set()
            last = found.analysis
            if found.verdict in ("held", "regressed"):  # the loop leaves the state in which it is judged so
                return told
    return told


def may_hold(before: Counts, after: Counts) -> bool:
    """Whether so few failed that `held` can be said at all, which a week of polls asks for at each of them."""
    expected = expected_failures(before, after)
    return expected >= ENOUGH and after.failures <= NEARLY_GONE * expected


def observed(minutes: Stretches) -> Observed:
    """Without sessions, also until the last failure."""
    last = max((minute for minute, counts in minutes.items() if counts.failures), default=None)
    if last is None:
        return cluster_counts.observed(minutes, [])
    then = {minute: counts for minute, counts in minutes.items() if minute <= last}
    return replace(cluster_counts.observed(minutes, []), at_last_failure=cluster_counts.observed(then, []))


def monitored(runs: int, seed: int = 7) -> dict[str, float]:
    """
    The share of fixes that held of which the failure is called back in a week: of those that go on at the rate that
    their verdict allows, and, within a tenth of it, of those whose failure is back as it was.
    """
    chance = random.Random(seed)
    alarms = found = 0
    for run in range(runs):
        rate, records, bursty = chance.choice(RATES), chance.choice(RECORDS), run % 2 == 1
        held = Held(NEARLY_GONE * rate, Counts(0, ceil(ENOUGH / rate)))
        quiet = traffic(chance, held.allowed_rate, records, bursty)
        alarms += is_back([next(quiet) for _ in range(POLLS)], held)
        back, needed = traffic(chance, rate, records, bursty), ceil(2 * ENOUGH / rate / records)
        found += is_back([Counts(0, 1)] * POLLS + [next(back) for _ in range(needed)], held)
    return {"ever_back": alarms / runs, "found_back": found / runs}


def is_back(stretches: list[Counts], held: Held) -> bool:
    """Whether the e-process says so; each failure is a session of its own."""
    blocks = [Block(counts.exposure, counts.failures) for counts in stretches]
    evidence = strongest_evidence(distances_between(blocks), held)
    return evidence is not None and evidence.is_enough
