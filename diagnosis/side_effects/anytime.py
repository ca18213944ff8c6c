"""
Tests that may be repeated while data grows: whether more requests fail than before a fix, whoever looks how often.

The wealth of a bet that failing sessions come c times as often as before gains nothing on average if nothing changed,
so that it ever reaches 1 / chance with that chance at most (diagnosis/statistics/e_process.py, Ville's inequality).
A part of the chance goes to every place at which a window can begin and to every cluster in the order in which they
began to fail, and these parts add up to 1 at most: what comes later takes nothing from what was said before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from diagnosis.statistics.e_process import Bet
from telemetry.windows import Window

FIRST_PART = (
    0.9  # of the chance, for windows that begin when the fix shipped; the rest is for those that begin later
)
SECOND_NANO = 10**9


class HasSession(Protocol):
    """A failing request."""

    @property
    def session(self) -> str:
        """The session."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions that fail, among requests."""

    failing: int
    requests: int


def sessions_of(failing: Iterable[HasSession], requests: int) -> Sessions:
    """The sessions of these failing requests, of which each counts once."""
    return Sessions(len({request.session for request in failing}), requests)


def fails_more(before: Sessions, after: Sessions, chance: float) -> bool:
    """Whether sessions fail more often after than before; wrongly at any time with this chance at most."""
    bet = Bet(after.failing, after.requests, before.failing, before.requests)
    return after.failing > 0 and bet.wealth_against_before() >= 1 / chance


def part_of_place(number: int) -> float:
    """The part of a chance for the number-th of endlessly many, from 1; all together have it once."""
    return 6 / (math.pi * number) ** 2


@dataclass(frozen=True, slots=True)
class BegunWindow:
    """The part of the window after a fix that is read, and the part of the chance for windows that begin there."""

    window: Window
    part: float


def begun_window(newest: Window, shipped_unix_nano: int) -> BegunWindow:
    """
    The window that begins when the fix shipped or, if what is read begins later, at the next of fixed places.

    The places are multiples of 1, 2, 4, ... seconds since the fix, of about a third of what is read, so that the
    window begins anew seldom, and where it does has nothing to do with what failed.
    """
    if newest.start_unix_nano <= shipped_unix_nano:
        return BegunWindow(newest, FIRST_PART)
    level = max(0, (newest.length_nano // SECOND_NANO // 2).bit_length() - 1)
    step = SECOND_NANO * 2**level
    number = -(-(newest.start_unix_nano - shipped_unix_nano) // step)
    start = min(shipped_unix_nano + number * step, newest.end_unix_nano)
    part = (1 - FIRST_PART) * part_of_place(number) / ((level + 1) * (level + 2))
    return BegunWindow(Window(start, newest.end_unix_nano), part)
