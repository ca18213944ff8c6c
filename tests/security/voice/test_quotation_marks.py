"""No character of Unicode ends a quote, or changes its marks."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from itertools import pairwise, product

import pytest

from diagnosis.display import escaping
from diagnosis.display.hidden_characters import is_hidden

# https://www.unicode.org/Public/security/15.1.0/confusables.txt, what has the skeleton of `"` or of `'`
LIKE_DOUBLE = '"\u02ba\u02dd\u02ee\u02f6\u1cd3\u05f2\u05f4\u201c\u201d\u201f\u2033\u2036\u3003\uff02'
LIKE_SINGLE = (
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02c8\u02ca\u02cb\u02f4\u0374\u0384\u055a\u055d\u05f3\u07f4\u07f5\u1fbd\u1fbf"
    "\u1fef\u1ffd\u1ffe\u2018\u2019\u201b\u2032\u2035\ua78c\uff07\uff40"
)


@cache
def assigned() -> list[str]:
    """Every assigned character."""
    unassigned = {"Cn", "Co", "Cs"}
    every = map(chr, range(sys.maxunicode + 1))
    return [character for character in every if unicodedata.category(character) not in unassigned]


def ends_quotes(character: str) -> bool:
    """Whether a reader could take it for the end of a quote."""
    plain = unicodedata.normalize("NFKD", character)
    is_mark = unicodedata.category(character) in {"Pi", "Pf"} or "QUOTATION MARK" in unicodedata.name(
        character, ""
    )
    return character not in "‹›" and (
        is_mark or character in LIKE_DOUBLE or '"' in plain or "\u2032\u2032" in plain
    )


def inside(text: str) -> str:
    """What stands between the marks of the quote."""
    quote = escaping.quote(text, len(text) * 12 + 1)
    assert (quote[0], quote[-1]) == ("“", "”")
    return quote[1:-1]


def test_no_character_looks_like_the_end_of_the_quote() -> None:
    looking = [character for character in assigned() if ends_quotes(character)]

    assert {"❞", "＂", "″", "〞", "⹂", "»", "”", "🙷", "⁗", '"'} <= set(looking)
    for begin in range(0, len(assigned()), 1000):
        shown = inside("a" + "a".join(assigned()[begin : begin + 1000]) + "a")
        assert not [character for character in shown if ends_quotes(character)]


def test_no_two_marks_together_look_like_one() -> None:
    for first, second in product(LIKE_SINGLE, repeat=2):
        shown = inside(f"a{first}{second}a")
        assert not any(one in LIKE_SINGLE and two in LIKE_SINGLE for one, two in pairwise(shown))


def test_no_combining_mark_is_drawn_over_a_quotation_mark_or_makes_one() -> None:
    marks = [each for each in assigned() if unicodedata.category(each)[0] == "M" and not is_hidden(each)]

    assert len(marks) > 2000
    for mark in marks:
        for text in (f"{mark}x", f"x’{mark}", f"x {mark}"):
            shown = inside(text)
            assert shown[shown.index(mark) - 1 : shown.index(mark)] == "◌"
        assert inside(f"x{mark}")[:2] == f"x{mark}"
    assert inside("x\u0361") == "x\u0361◌"


@pytest.mark.parametrize("text", ["it's", "l’été", "GET /orders/‹int:oid›", "שלום יי", "café", "é"])
def test_what_ends_no_quote_stays_readable(text: str) -> None:
    assert inside(text) == text.replace("’", "'")
