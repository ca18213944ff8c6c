"""
Is a failure back that a verdict said was gone? An e-process: evidence that may be evaluated at any time and repeatedly.

A held verdict allows a rate. While that rate is kept, a bet that it is exceeded c times from block j on gains nothing
on average: its wealth is the likelihood ratio of two Poisson distributions, an e-value. The wealth of many such bets
together ever reaches 1 / FALSE_ALARM with a chance of at most FALSE_ALARM (Ville's inequality), however often it is
evaluated.
See Shin, Ramdas and Rinaldo 2024, "E-detectors", https://doi.org/10.51387/23-NEJSDS51.
docs/verification.md#a-fix-that-held
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

FALSE_ALARM = 0.01  # the chance that a fix that keeps the rate its verdict allowed is ever called regressed
EXCESSES = (2.0, 4.0, 8.0, 16.0)  # times the allowed rate; a quarter of the wealth is bet on each
STRAY = 2  # failing sessions; up to so many are never a regression


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time: the number of records, and of sessions that failed for the first time since the fix held."""

    exposure: int
    sessions: int


def blocks_in_order(exposure: Mapping[int, int], failed: Iterable[int]) -> list[Block]:
    """The blocks in order, from the records by block and the block of each failing session's first failure."""
    sessions = Counter(failed)
    return [Block(exposure.get(number, 0), sessions[number]) for number in sorted(exposure.keys() | sessions)]


def is_back(blocks: Sequence[Block], allowed_rate: float) -> bool:
    """Whether more sessions fail than the verdict allowed, beyond chance."""
    enough = sum(block.sessions for block in blocks) > STRAY
    return enough and wealth_of_bets(blocks, allowed_rate) >= 1 / FALSE_ALARM


def wealth_of_bets(blocks: Sequence[Block], allowed_rate: float) -> float:
    """The wealth of the bets against the allowed rate after the last block; 1 before the first."""
    return sum(wealth_on_excess(blocks, allowed_rate, excess) for excess in EXCESSES) / len(EXCESSES)


def wealth_on_excess(blocks: Sequence[Block], allowed_rate: float, excess: float) -> float:
    """The wealth of the bets on one excess; the bet that starts with block j has 1 / (j (j + 1)) of the wealth."""
    wealth, not_yet_bet = 0.0, 1.0
    for number, block in enumerate(blocks, start=1):
        bet = 1 / (number * (number + 1))
        not_yet_bet -= bet
        growth = block.sessions * math.log(excess) - (excess - 1) * allowed_rate * block.exposure
        wealth = (wealth + bet) * math.exp(min(growth, 300.0))
        wealth = min(wealth, 1e300)
    return wealth + not_yet_bet
