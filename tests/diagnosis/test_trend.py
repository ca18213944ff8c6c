"""A trend is a change of rate, not of traffic."""

from __future__ import annotations

import pytest

from diagnosis.trend import trend


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ((5, 100), (0, 100), "new"),
        ((20, 100), (5, 100), "rising"),
        ((20, 400), (5, 100), "steady"),
        ((5, 100), (20, 100), "falling"),
        ((2, 100), (1, 100), "steady"),
        ((10, 100), (9, 100), "steady"),
    ],
)
def test_trend(now: tuple[int, int], before: tuple[int, int], expected: str) -> None:
    assert trend(*now, *before) == expected
