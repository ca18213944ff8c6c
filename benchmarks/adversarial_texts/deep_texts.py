"""
Texts that stop a regular expression inside one of its repetitions, and repeat there what the pattern looks for.

Such a text takes quadratic time where two repetitions share it: the first tries each end, the second reads on from
each. It is found at no place but behind a beginning that the pattern takes, in a text longer than the bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benchmarks.adversarial_texts.hard_texts import (
    END,
    REPEATS,
    character_of,
    constants,
    inner_trees,
    parsed,
    samples,
)

ONE_CHARACTER = (constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY)
WIDE = 16  # characters that a repetition may take more or fewer of
MOST_BEGINNINGS, MOST_UNITS = 24, 48  # of a pattern with many alternatives


def deep_texts(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """Texts of that length: each beginning up to a wide repetition, with each part of the pattern repeated."""
    tree = parsed(pattern)
    units = list(dict.fromkeys([*units_of(tree), " "]))[:MOST_UNITS]
    beginnings = dict.fromkeys(["", *beginnings_of(tree, "")])
    for beginning in list(beginnings)[:MOST_BEGINNINGS]:
        for unit in units:
            for part in (unit, f"{unit}x") if len(unit) > 1 else (unit,):
                yield (beginning + part * length)[:length] + END


def beginnings_of(tree: Any, before: str) -> Iterator[str]:
    """The texts that lead into each wide repetition of the tree, by its least and by one turn of it."""
    for op, value in tree:
        if op in REPEATS and value[1] - value[0] >= WIDE:
            yield before
            yield before + one_text(value[2])
        for inner in [] if op in (constants.ASSERT, constants.ASSERT_NOT) else inner_trees(op, value):
            yield from beginnings_of(inner, before)
        before += least_text(op, value)


def least_text(op: Any, value: Any) -> str:
    """A short text that one part takes."""
    if op in REPEATS:
        return one_text(value[2]) * max(value[0], 1)
    if op in ONE_CHARACTER:
        return character_of(op, value)
    if op in (constants.ASSERT, constants.ASSERT_NOT):
        return ""
    return next((text for inner in inner_trees(op, value) if (text := one_text(inner))), "")


def one_text(tree: Any) -> str:
    """The first text that the tree takes."""
    return next(iter(samples(tree)), "")


def units_of(tree: Any) -> Iterator[str]:
    """The runs of literal characters in the tree, and a character of each class."""
    run = ""
    for op, value in tree:
        if op is constants.LITERAL:
            run += chr(value)
            continue
        if run:
            yield run
        run = ""
        if op in ONE_CHARACTER:
            yield character_of(op, value)
        for inner in inner_trees(op, value):
            yield from units_of(inner)
    if run:
        yield run
