"""Quoted texts in messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.grouping.quoted_texts import ALL_QUOTED, ASCII_QUOTED

# What is meant, as one pattern; it takes quadratic time on some texts.
PATTERN = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|“[^”]*”")


@given(st.text("'\"`“”\\ ab", max_size=30))
def test_it_finds_what_the_pattern_finds(text: str) -> None:
    assert ASCII_QUOTED.sub("*", text) == PATTERN.sub("*", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't use 'x'", "don't use *"),
        (r"""no "a\"b" in 'c'd' """, r"""no * in 'c'd' """),
        ("`a` and “b” and “c", "* and * and “c"),
    ],
)
def test_quotes_between_letters_and_without_an_end_stay(text: str, expected: str) -> None:
    assert ASCII_QUOTED.sub("*", text) == ALL_QUOTED.sub("*", text) == expected
