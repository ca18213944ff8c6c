"""Reads that several fixes share are made once within a block, and each time outside of one."""

from __future__ import annotations

import pytest

from diagnosis.window.shared_reads import shared, shared_reads

asked: list[tuple[int, str]] = []


@shared
def length(number: int, word: str = "") -> int:
    """The sum of a number and the length of a word; it notes that it was asked."""
    asked.append((number, word))
    if number < 0:
        raise ValueError(number)
    return number + len(word)


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


def test_within_a_block_each_question_is_asked_once() -> None:
    with shared_reads():
        answers = [length(1), length(1), length(1, word="a"), length(1, word="a"), length(2)]

    assert answers == [1, 1, 2, 2, 2]
    assert asked == [(1, ""), (1, "a"), (2, "")]


def test_outside_and_in_the_next_block_it_is_asked_anew() -> None:
    length(1)
    length(1)
    for _ in range(2):
        with shared_reads():
            length(1)
    length(1)

    assert len(asked) == 5


def test_an_error_is_no_answer_and_ends_the_block() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="-1"), shared_reads():
            length(-1)
    length(1)
    length(1)

    assert len(asked) == 4
