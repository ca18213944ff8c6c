"""Budgets: no answer is larger, a larger one has the same parts and more, and what is left out is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosis.agents import budget
from diagnosis.agents.envelope import visible
from loopkit.http.untrusted import WARNING

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=300)
PARTS = st.lists(
    st.tuples(st.from_regex("[a-z]{1,12}", fullmatch=True), TEXTS), unique_by=lambda part: part[0]
)
BUDGETS = st.integers(budget.FEWEST_TOKENS, budget.MOST_TOKENS)


@settings(max_examples=200)
@given(PARTS, BUDGETS, BUDGETS)
def test_a_larger_budget_has_the_same_parts_and_more(
    parts: list[tuple[str, str]], one: int, other: int
) -> None:
    smaller, larger = (
        budget.with_parts({}, parts, tokens).keys() - {"completeness", "warning"}
        for tokens in sorted((one, other))
    )

    assert smaller <= larger


@settings(max_examples=200)
@given(PARTS, BUDGETS)
def test_parts_fit_and_are_counted(parts: list[tuple[str, str]], tokens: int) -> None:
    answer = budget.with_parts({"id": "x"}, parts, tokens)

    told, present = answer["completeness"], [name for name, text in parts if text]
    assert budget.json_characters(answer) <= budget.CHARACTERS_A_TOKEN * tokens
    assert [name for name in present if name in answer] + told.get("left_out", []) == present
    assert told["total"] == len(present)
    assert told["complete"] == ("next" not in told)
    assert budget.json_tokens(answer) <= told["tokens"] <= budget.json_tokens(answer) + 6


@settings(max_examples=100)
@given(st.lists(TEXTS, max_size=60), BUDGETS)
def test_rows_are_a_beginning_that_fits(rows: list[str], tokens: int) -> None:
    answer, count, _ = budget.with_rows({}, "rows", rows, tokens)

    assert answer["rows"] == visible(rows)[:count]
    assert count or not rows
    whole = budget.with_completeness(answer, shown=count, total=len(rows), following={"cursor": "c" * 100})
    assert budget.json_characters(whole) <= budget.CHARACTERS_A_TOKEN * tokens


def test_what_was_left_out_fits_in_the_budget_that_is_named() -> None:
    parts = [(f"part{number}", "x" * 1_100) for number in range(9)]
    first = budget.with_parts({}, parts, budget.FEWEST_TOKENS)
    named: dict[str, Any] = first["completeness"]["next"]

    second = budget.with_parts({}, parts, named["budget"])

    assert first["completeness"]["left_out"] == [f"part{number}" for number in range(9)]
    assert second["completeness"]["complete"]
    assert next(iter(second.items())) == ("warning", WARNING)


@pytest.mark.parametrize("size", [10, 3_000, 100_000])
def test_the_first_row_always_stands(size: int) -> None:
    row = {
        "id": "i" * 100,
        "text": {"message": "x" * size, "attributes": {f"a{n}": "y" * size for n in range(99)}},
    }

    answer, count, _ = budget.with_rows({}, "rows", [row, row], budget.FEWEST_TOKENS)

    assert count == 1
    assert answer["rows"][0]["id"] == row["id"]
    assert answer["rows"][0]["text"]["message"].startswith("x")
    assert budget.json_characters(answer) <= budget.CHARACTERS_A_TOKEN * budget.FEWEST_TOKENS


FACTS = st.dictionaries(st.from_regex("[a-z]{1,8}", fullmatch=True), TEXTS, max_size=5).map(
    lambda texts: {"text": texts}
)
GAPS = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"missing": st.just({"over_quota": 246, "time_ahead": 3})},
        optional={"note": st.text("abc .", max_size=900)},
    ),
)


@settings(max_examples=200)
@given(FACTS, st.lists(TEXTS, min_size=1, max_size=40), GAPS, BUDGETS, BUDGETS)
def test_a_larger_budget_has_the_same_rows_and_more_whatever_is_cut_before_them(
    facts: dict[str, Any], rows: list[str], gaps: dict[str, Any], one: int, other: int
) -> None:
    smaller, larger = (
        budget.with_rows(facts, "rows", rows, tokens, gaps)[0]["rows"] for tokens in sorted((one, other))
    )

    assert len(smaller) <= len(larger)
    assert larger[1 : len(smaller)] == smaller[1:]


@settings(max_examples=200)
@given(FACTS, PARTS, GAPS, BUDGETS, BUDGETS)
def test_a_larger_budget_has_the_same_parts_whatever_is_cut_before_them(
    facts: dict[str, Any], parts: list[tuple[str, str]], gaps: dict[str, Any], one: int, other: int
) -> None:
    parts = [(f"part_{name}", text) for name, text in parts]
    answers = [budget.with_parts(facts, parts, tokens, gaps) for tokens in sorted((one, other))]

    assert answers[0].keys() <= answers[1].keys()
    assert answers[0]["completeness"].keys() - {"left_out", "next"} <= answers[1]["completeness"].keys()
    for tokens, answer in zip(sorted((one, other)), answers, strict=True):
        assert budget.json_characters(answer) <= budget.CHARACTERS_A_TOKEN * tokens
        assert not (gaps and answer["completeness"]["complete"])


NUMBERS = st.dictionaries(
    st.from_regex("[a-z]{1,12}_[a-z]{1,8}", fullmatch=True), st.integers(0, 2**60), min_size=1, max_size=30
)


@settings(max_examples=200)
@given(NUMBERS, PARTS, GAPS, BUDGETS, BUDGETS)
def test_facts_that_no_cut_makes_shorter_are_left_out_by_name(
    numbers: dict[str, int], parts: list[tuple[str, str]], gaps: dict[str, Any], one: int, other: int
) -> None:
    answers = [budget.with_parts(numbers, parts, tokens, gaps) for tokens in sorted((one, other))]

    assert answers[0].keys() <= answers[1].keys()
    for tokens, answer in zip(sorted((one, other)), answers, strict=True):
        assert budget.json_characters(answer) <= budget.CHARACTERS_A_TOKEN * tokens
        left_out = answer["completeness"].get("left_out", [])
        expected = [*numbers, *(name for name, text in parts if text)]
        assert [name for name in expected if name in answer] + left_out == expected
        assert answer["completeness"]["complete"] == (not left_out and not gaps)


@settings(max_examples=200)
@given(NUMBERS, st.lists(TEXTS, max_size=20), BUDGETS, BUDGETS)
def test_facts_make_room_for_the_first_row(
    numbers: dict[str, int], rows: list[str], one: int, other: int
) -> None:
    rows = [row[:100] for row in rows]
    answers = [budget.with_rows(numbers, "rows", rows, tokens) for tokens in sorted((one, other))]

    assert answers[0][1] <= answers[1][1]
    for tokens, (answer, count, left_out) in zip(sorted((one, other)), answers, strict=True):
        whole = budget.with_completeness(
            answer, shown=count, total=len(rows), left_out=left_out, following={"cursor": "c" * 100}
        )
        assert budget.json_characters(whole) <= budget.CHARACTERS_A_TOKEN * tokens
        assert count >= min(1, len(rows))
        assert [name for name in numbers if name in answer] + left_out == [*numbers]
