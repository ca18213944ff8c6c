"""The table that `make faults` prints: a line a fault, filled by its test as it goes."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

from tests.faults.load import Load
from tests.faults.recount import Recount

HEADINGS = ("fault", "times", "acknowledged", "stored", "lost", "doubled", "answers", "recovery", "")


@dataclass
class Line:
    """One fault and what came of it."""

    fault: str = ""
    times: int = 0
    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)  # seconds
    note: str = ""
    faults: list[str] = field(default_factory=list)

    def add(self, counted: Recount, *loads: Load) -> None:
        """One more time: what the file holds, and what clients saw."""
        self.times += 1
        self.acknowledged += counted.acknowledged
        self.stored += counted.stored
        self.lost += counted.lost
        self.doubled += counted.doubled
        self.faults += counted.faults
        for load in loads:
            self.answers += load.answers

    def check(self) -> None:
        """Nothing lost, nothing doubled, nothing wrong."""
        assert not self.faults, self.faults
        assert (self.lost, self.doubled) == (0, 0)

    def cells(self, verdict: str) -> tuple[str, ...]:
        """The line as text."""
        counts = (self.acknowledged, self.stored, self.lost, self.doubled)
        told = (f"{number:,}" for number in (self.times, *counts))
        return (self.fault, *told, shown(self.answers), self.recovery(), verdict)

    def recovery(self) -> str:
        """The usual and the longest time until the next acknowledgement."""
        if not self.recoveries:
            return ""
        return f"{statistics.median(self.recoveries):.2f} s, at most {max(self.recoveries):.2f} s"


def shown(answers: Counter[str]) -> str:
    """`800 x 200, 12 x 503`."""
    return ", ".join(f"{number:,} x {answer}" for answer, number in sorted(answers.items()))


def table(lines: list[tuple[Line, str]]) -> list[str]:
    """All lines under their headings, each with its note below it."""
    rows = [HEADINGS, *(line.cells(verdict) for line, verdict in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    text = [
        "  ".join(
            cell.rjust(width) if 1 <= column <= 5 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    notes = ["", *(f"    {line.note}" if line.note else "" for line, _ in lines)]
    return [shown for pair in zip(text, notes, strict=True) for shown in pair if shown]
