"""A number is read at a glance, in one form wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.display.quantities import (
    counted,
    duration,
    lasted,
    length_of_time,
    percent,
    short_number,
    significant,
    to_the_minute,
    to_the_second,
)
from diagnosis.templatetags.shown import ago


def counted_records(number: int) -> str:
    return counted(number, "record")


@pytest.mark.parametrize(
    ("shown", "value", "text"),
    [
        *[(short_number, *pair) for pair in (
            (0, "0"), (0.42, "0.42"), (12, "12"), (3400, "3,400"), (12_000, "12 k"), (1.2e6, "1.2 M"), (9e9, "9.0 G"),
        )],
        *[(significant, *pair) for pair in ((4.6123, "4.61"), (0, "0"), (99.9, "99.9"), (1240, "1,240"))],
        *[(percent, *pair) for pair in (
            (0.125, "12.5%"), (0, "0%"), (1, "100%"), (2 / 3, "66.7%"), (0.02534, "2.53%"), (12.5, "1,250%"),
            (1e-6, "< 0.001%"), (None, "–"),
        )],
        *[(lasted, *pair) for pair in (
            (None, "–"), (0, "0 s"), (59, "59 s"), (60, "1.0 min"), (700, "12 min"),
            (18_720, "5.2 h"), (86_400 * 11, "11 d"),
        )],
        *[(duration, *pair) for pair in (
            (None, "–"), (0, "0 ms"), (0.01, "< 0.1 ms"), (0.5, "0.5 ms"), (120, "120 ms"), (1200, "1.2 s"),
            (210_000, "3.5 min"),
        )],
        *[(counted_records, *pair) for pair in ((0, "0 records"), (1, "1 record"), (2807, "2,807 records"))],
        (to_the_second, "2026-07-12T16:03:05+02:00", "12 Jul 2026, 14:03:05 UTC"),
        *[(to_the_minute, *pair) for pair in (
            (None, ""), ("2026-07-12T14:03:05Z", "12 Jul 2026, 14:03 UTC"), ("soon", "soon"),
            (datetime(2026, 7, 12, 14, 3, 5, tzinfo=UTC), "12 Jul 2026, 14:03 UTC"),
        )],
    ],
)  # fmt: skip
def test_a_quantity_is_shown_as_people_read_it(shown: Callable[[Any], str], value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (-30, "just now"),
        (59, "just now"),
        (61, "1\xa0minute ago"),
        (3 * 3600 + 60, "3\xa0hours ago"),
        (8 * 86_400, "1\xa0week ago"),
    ],
)
def test_a_time_that_passed_is_told_by_its_largest_unit(passed: int, text: str) -> None:
    when = datetime.now(UTC) - timedelta(seconds=passed)

    element = str(ago(when.isoformat()))

    assert f">{text}</time>" in element
    assert f'datetime="{when.isoformat()}"' in element


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (20, "20 s"),
        (60, "1 min"),
        (3_661, "1 h 1 min"),
        (183_600, "2 days 3 h"),
        (86_400, "1 day"),
        (86_430, "1 day"),
        (604_800, "7 days"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(seconds: int, shown: str) -> None:
    assert length_of_time(seconds) == shown
