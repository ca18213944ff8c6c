"""
Is a failure back that a verdict said was gone? Evidence that may be asked for at any time, as often as one likes.

A held verdict allows a rate. While that rate is kept, a bet that it is exceeded c times from block j on gains nothing
on average: its capital is the likelihood ratio of two Poisson laws, an e-value. The capital of many such bets together
ever reaches 1 / FALSE_ALARM with a chance of FALSE_ALARM at most (Ville's inequality), however often one looks.
See Shin, Ramdas and Rinaldo 2024, "E-detectors", https://doi.org/10.51387/23-NEJSDS51; docs/verification.md#watching.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

FALSE_ALARM = 0.01  # the chance to ever call a fix regressed that keeps what its verdict allowed
EXCESSES = (2.0, 4.0, 8.0, 16.0)  # times the allowed rate; a quarter of the capital is on each
STRAY = 2  # sessions with the failure, up to which it is never back


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time: how many records ran, and how many sessions failed for the first time since the fix held."""

    exposure: int
    sessions: int


def blocks(exposure: Mapping[int, int], failed: Iterable[int]) -> list[Block]:
    """The blocks in order: records by block, and the block of each failing session's first failure."""
    sessions = Counter(failed)
    return [Block(exposure.get(at, 0), sessions[at]) for at in sorted(exposure.keys() | sessions)]


def is_back(blocks: Sequence[Block], allowed_rate: float) -> bool:
    """Whether more sessions fail than the verdict allowed."""
    enough = sum(block.sessions for block in blocks) > STRAY
    return enough and capital(blocks, allowed_rate) >= 1 / FALSE_ALARM


def capital(blocks: Sequence[Block], allowed_rate: float) -> float:
    """What bets against the allowed rate have won by the end of the last block; 1 before the first."""
    return sum(won(blocks, allowed_rate, excess) for excess in EXCESSES) / len(EXCESSES)


def won(blocks: Sequence[Block], allowed_rate: float, excess: float) -> float:
    """The same for one excess: the bet that starts with block j has 1 / (j (j + 1)) of the capital."""
    running, waiting = 0.0, 1.0
    for number, block in enumerate(blocks, start=1):
        stake = 1 / (number * (number + 1))
        waiting -= stake
        growth = block.sessions * math.log(excess) - (excess - 1) * allowed_rate * block.exposure
        running = (running + stake) * math.exp(min(growth, 300.0))
        running = min(running, 1e300)
    return running + waiting
