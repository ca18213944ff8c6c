"""How long `held` takes where a failure began in the middle of the window before: the table of docs/verification.md."""

from __future__ import annotations

import re

import pytest

from diagnosis.statistics.rates import Counts
from diagnosis.window.cluster_counts import Stretches
from tests import ROOT
from tests.diagnosis.verification.generated_histories import History

PACE, SINCE = 10, 60  # records a minute; minutes in which it fails before the fix
HOURS = {"the hour since the release": 1, "2 hours": 2, "4 hours": 4, "8 hours": 8}
RATES = (0.02, 0.08, 0.3)


def window_before(minutes: int, rate: float) -> Stretches:
    """Records at an even pace, of which the last hour's fail at the rate, evenly."""
    stretches, due = {}, 0.0
    for minute in range(minutes):
        due += PACE * rate if minute >= minutes - SINCE else 0
        stretches[minute] = Counts(int(due), PACE)
        due -= int(due)
    return stretches


def is_held(hours: int, rate: float, minutes: int) -> bool:
    """Whether the fix held after so many minutes without a failure."""
    after = {minute: Counts(0, PACE) for minute in range(minutes)}
    history = History((60 * hours, window_before(60 * hours, rate)), (minutes, after))
    return history.compared().judgement.verdict == "held"


def documented() -> list[tuple[int, float, str]]:
    """The hours, the rate and the minutes of each cell of the table."""
    section = (
        (ROOT / "docs" / "verification.md").read_text().split("## The window before")[1].split("\n## ")[0]
    )
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", section, re.M)
    ]
    return [
        (HOURS[name], rate, minutes)
        for name, *cells in rows[2:]
        for rate, minutes in zip(RATES, cells, strict=True)
    ]


@pytest.mark.parametrize(("hours", "rate", "minutes"), documented())
def test_the_table_says_after_how_many_minutes_it_held(hours: int, rate: float, minutes: str) -> None:
    if minutes == "over a day":
        assert not is_held(hours, rate, 24 * 60)
    else:
        assert [is_held(hours, rate, int(minutes) - 1), is_held(hours, rate, int(minutes))] == [False, True]
