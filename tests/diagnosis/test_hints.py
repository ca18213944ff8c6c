"""Hints say what failing records share that healthy ones do not, and are silent where there is nothing to say."""

from __future__ import annotations

import math

from diagnosis.hints import ATTRIBUTES, judge, p_value


def group(n: int, failed: int, **values: str) -> tuple[tuple[str, ...], int, int]:
    """Records with these values, and how many of them failed."""
    return tuple(values.get(name, "") for name in ATTRIBUTES), n, failed


def test_a_release_that_fails_more_often_is_named() -> None:
    [hint] = judge([group(100, 1, release="1.0"), group(100, 30, release="1.1")])

    assert (hint.attribute, hint.value, hint.support, hint.records) == ("release", "1.1", 30, 100)
    assert math.isclose(hint.lift, 30 / 100 / (31 / 200))


def test_equal_rates_give_no_hint() -> None:
    assert judge([group(100, 10, release="1.0"), group(100, 11, release="1.1")]) == []


def test_two_failures_are_no_support() -> None:
    assert judge([group(100, 0, release="1.0"), group(2, 2, release="1.1")]) == []


def test_what_all_records_share_is_no_hint() -> None:
    assert judge([group(100, 30, release="1.0", environment="prod")]) == []


def test_a_missing_value_can_be_the_hint() -> None:
    [hint] = judge([group(100, 0, agent="support"), group(50, 25)])

    assert (hint.attribute, hint.value) == ("agent", None)


def test_the_g_test_agrees_with_a_table_worked_by_hand() -> None:
    # G = 2 * (30 ln 1.5 + 70 ln 0.875 + 10 ln 0.5 + 90 ln 1.125) = 12.97; chi-square, one degree of freedom: 3.16e-4
    assert math.isclose(p_value(30, 100, 40, 200), 3.16e-4, rel_tol=0.01)
