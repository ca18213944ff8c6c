"""Two records row by row: equal, different, or said by one alone."""

from __future__ import annotations

from typing import Any

from diagnosis.display.differences import DIFFERS, ONLY_CHOSEN, ONLY_HEALTHY, SAME, compare_records
from diagnosis.display.readable import TEXT_LIMIT


def record(**attributes: Any) -> dict[str, Any]:
    """A record of nothing but attributes."""
    return {"attributes": attributes}


def marks(one: dict[str, Any], other: dict[str, Any]) -> dict[str, str]:
    """The mark of each row by its name."""
    compared = compare_records(one, other)
    return {line.name.removeprefix("attributes."): line.mark for line in [*compared.unlike, *compared.equal]}


def test_each_row_says_how_the_two_stand() -> None:
    one = record(same=1, differs="eu", mine=True, nested={"a": [1, 2]})
    other = record(same=1, differs="us", theirs="x", nested={"a": [1, 2]})

    assert marks(one, other) == {
        "same": SAME, "differs": DIFFERS, "mine": ONLY_CHOSEN, "theirs": ONLY_HEALTHY, "nested.a": SAME,
    }  # fmt: skip


def test_ids_and_times_are_no_differences() -> None:
    event = {"name": "exception", "attributes": {"k": "v"}}
    one = {"record_id": "rec_1", "start_time": "a", "events": [event | {"time": "1", "time_unix_nano": 1}]}
    other = {"record_id": "rec_2", "start_time": "b", "events": [event | {"time": "2", "time_unix_nano": 2}]}

    assert compare_records(one, other).unlike == []


def test_texts_that_differ_behind_the_cut_differ() -> None:
    same = "x" * (2 * TEXT_LIMIT)

    [line] = compare_records(record(prompt=f"{same} A {same}"), record(prompt=f"{same} B {same}")).unlike

    assert line.mark == DIFFERS
    assert line.chosen.startswith(f"… ({2 * TEXT_LIMIT - 59} equal characters)")
    assert " A " in line.chosen
    assert " B " in line.healthy


def test_a_record_of_thousands_of_values_is_bounded_and_says_so() -> None:
    many = record(**{f"k{number}": number for number in range(3_000)})

    compared = compare_records(many, record())

    assert (len(compared.unlike), compared.left_out) == (200, 1_800)
