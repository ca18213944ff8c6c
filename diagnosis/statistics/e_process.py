"""
Is a failure back that a verdict said was gone? E-processes: evidence that may be evaluated at any time and repeatedly.

Two statements stand since a fix held, and bets are placed against each: that failures keep the rate which the verdict
allows, and that they keep the rate of the window in which the fix held. A bet says that failures come c times as often
from some moment on; while the statement is true it gains nothing on average. Against the allowed rate its wealth is the
likelihood ratio of two Poisson processes. The rate of the held window is known from its counts alone, so the ratio is
that of the share of failures since, given all of them: for a rate of any size it is the same. The mean wealth of all
bets together ever reaches 1 / FALSE_ALARM with a chance of at most FALSE_ALARM (Ville's inequality), however often it
is evaluated.

A failure can be back at any time. So after each failing session, which is when somebody would begin to suspect it, part
of the wealth is bet anew: however long nothing failed before, it costs nothing.
A bet's wealth is a test martingale, or below one (testing by betting: Shafer 2021, https://doi.org/10.1111/rssa.12647).
See Shin, Ramdas and Rinaldo 2024, "E-detectors", https://doi.org/10.51387/23-NEJSDS51, and Perez-Ortiz et al. 2024,
"E-statistics, group invariance and anytime-valid testing", https://arxiv.org/abs/2208.07610.
docs/verification.md#a-fix-that-held
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from diagnosis.statistics.rates import Counts

FALSE_ALARM = 0.05  # the chance that a fix that goes on as it held is ever called regressed
EXCESSES = (2.0, 4.0, 8.0, 16.0)  # times as many failures; a quarter of each bet is on each
STRAY = 2  # failing sessions; up to so many are never a regression
FIRST_BETS, LAST_BETS = (
    10,
    30,
)  # that are evaluated; of the many that lie between them each is worth next to nothing
MOST_LOG = 300.0  # of a wealth, so that endless failures have a finite one


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time: the number of records, and of sessions that failed for the first time since the fix held."""

    exposure: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Held:
    """What was known when the fix held: failing sessions per record that its verdict allows, and the counts then."""

    allowed_rate: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet at a failing session: the sessions that failed since it began and the records, and those before it."""

    sessions: int
    exposure: float
    failures_before: int
    exposure_before: float

    def wealth_against_allowed(self, allowed_rate: float) -> float:
        """What 1 became that was bet on more failures than the allowed rate gives."""
        allowed = allowed_rate * self.exposure
        return mean_wealth(self.sessions * math.log(excess) - (excess - 1) * allowed for excess in EXCESSES)

    def wealth_against_before(self) -> float:
        """What 1 became that was bet on failures that come more often than before the bet."""
        both, failures = self.exposure_before + self.exposure, self.failures_before + self.sessions
        return mean_wealth(
            self.sessions * math.log(excess)
            + failures * math.log(both / (self.exposure_before + excess * self.exposure))
            for excess in EXCESSES
        )


@dataclass(frozen=True, slots=True)
class EValue:
    """
    The value of the e-process at a failing session, which is the wealth of all bets (https://arxiv.org/abs/2210.01948);
    the bet that is worth most, and against which statement it is.
    """

    wealth: float
    bet: Bet
    is_against_allowed: bool

    @property
    def is_enough(self) -> bool:
        """Whether it shows that the failure is back."""
        return self.is_enough_for(1.0)

    def is_enough_for(self, share: float) -> bool:
        """Whether it shows that at this share of the chance of a false alarm, for one of several e-processes."""
        return self.wealth >= 1 / (FALSE_ALARM * share)


def blocks_in_order(exposure: Mapping[int, int], failed: Iterable[int]) -> list[Block]:
    """The blocks in order, from the records by block and the block of each failing session's first failure."""
    sessions = Counter(failed)
    return [Block(exposure.get(number, 0), sessions[number]) for number in sorted(exposure.keys() | sessions)]


def strongest_evidence(distances: Iterable[float], held: Held, share: float = 1.0) -> EValue | None:
    """
    The first evidence that is enough, or else the strongest; None while no more than STRAY sessions failed.

    Args:
        distances: the records before each failing session, since the one before it.
        share: of the chance of a false alarm, for one of several e-processes.
    """
    strongest: EValue | None = None
    records = [0.0]
    for distance in distances:
        records.append(records[-1] + distance)
        if len(records) <= STRAY + 1:
            continue
        evidence = evidence_at_last(records, held)
        if strongest is None or evidence.wealth > strongest.wealth:
            strongest = evidence
        if evidence.is_enough_for(share):
            break
    return strongest


def distances_between(blocks: Iterable[Block]) -> Iterator[float]:
    """The records before each failing session, since the one before; those of a block are spread evenly over it."""
    since_last = 0.0
    for block in blocks:
        part = block.exposure / (block.sessions + 1)
        for _ in range(block.sessions):
            yield since_last + part
            since_last = 0.0
        since_last += part


def evidence_at_last(records: Sequence[float], held: Held) -> EValue:
    """The wealth of all bets at the last failing session, from the records since the fix held at each of them."""
    sessions = len(records) - 1
    wealths: list[tuple[float, Bet, bool]] = []
    for begun in [*range(min(sessions, FIRST_BETS)), *range(max(FIRST_BETS, sessions - LAST_BETS), sessions)]:
        bet = Bet(
            sessions - begun,
            records[-1] - records[begun],
            held.counts.failures + begun,
            held.counts.exposure + records[begun],
        )
        share = 1 / ((begun + 1) * (begun + 2)) / 2  # half of it against each statement
        wealths.append((share * bet.wealth_against_allowed(held.allowed_rate), bet, True))
        wealths.append((share * bet.wealth_against_before(), bet, False))
    _, best, is_against_allowed = max(wealths, key=itemgetter(0))
    not_yet_bet = 1 / (sessions + 1)
    return EValue(not_yet_bet + math.fsum(wealth for wealth, *_ in wealths), best, is_against_allowed)


def mean_wealth(logs: Iterable[float]) -> float:
    """The mean of wealths, from their logarithms."""
    return math.fsum(math.exp(min(log, MOST_LOG)) for log in logs) / len(EXCESSES)
