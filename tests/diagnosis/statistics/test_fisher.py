"""Fisher's exact test against tables worked by hand."""

from __future__ import annotations

import pytest

from diagnosis.statistics.fisher import WindowCounts, p_value
from diagnosis.statistics.rates import Counts


def test_the_p_value_agrees_with_a_table_worked_by_hand() -> None:
    # 7 failures fall on 10 and 5 records: C(10, 7) * C(5, 0) of the C(15, 7) ways put all into the first window.
    assert p_value(WindowCounts(Counts(7, 10), Counts(0, 5))) == pytest.approx(120 / 6435)
