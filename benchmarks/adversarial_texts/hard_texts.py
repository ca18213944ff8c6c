"""
Texts that are hard for a regular expression, made from its own parts.

The pattern is read with Python's own parser: https://github.com/python/cpython/blob/main/Lib/re/_parser.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from re import _constants as constants  # type: ignore[attr-defined]  # not in typeshed
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

OTHER_CHARACTERS = (" ", "x", "\n")  # that no part of the pattern may name
MOST_CHARACTERS = 8  # of a pattern, that texts are made of
MOST_IN_PAIRS = 3
MOST_WORDS, MOST_BEGINNINGS = 5, 1
SAMPLE_REPEATS = 2
END = "\n\x00"  # what no repetition takes as a whole, and is no end of a line of the text
REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
IN_CATEGORY = {
    constants.CATEGORY_DIGIT: "1", constants.CATEGORY_NOT_DIGIT: "G", constants.CATEGORY_SPACE: " ",
    constants.CATEGORY_NOT_SPACE: "G", constants.CATEGORY_WORD: "a", constants.CATEGORY_NOT_WORD: "-",
}  # fmt: skip


def hard_texts(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """
    Texts of that length: a beginning that the pattern takes, a part repeated, and an end that it does not take.

    Repetition of what a repetition takes, up to an end that fails, is what makes a matcher read a text many times:
    https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
    """
    tree = parsed(pattern)
    characters = list(dict.fromkeys([*islice(characters_of(tree), MOST_CHARACTERS), *OTHER_CHARACTERS]))
    words = list(dict.fromkeys(text for text in samples(tree) if text))[:MOST_WORDS]
    repeated = [*characters, *map("".join, product(characters[:MOST_IN_PAIRS], repeat=2)), *words]
    for beginning, part in product(("", *words[:MOST_BEGINNINGS]), dict.fromkeys(repeated)):
        yield (beginning + part * length)[:length] + END


def parsed(pattern: re.Pattern[Any]) -> Any:
    """The parse tree of the pattern; of one for bytes, as if it were for text."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    return parser.parse(
        text, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    )


def characters_of(tree: Any) -> Iterator[str]:
    """A character for each part of the tree that takes one, those of repetitions first."""
    parts = list(parts_of(tree, False))
    for _, op, value in sorted(parts, key=lambda part: not part[0]):
        yield character_of(op, value)


def parts_of(tree: Any, is_repeated: bool) -> Iterator[tuple[bool, Any, Any]]:
    """The parts that take one character, and whether they are repeated."""
    for op, value in tree:
        inner = inner_trees(op, value)
        repeated = is_repeated or (op in REPEATS and value[1] > 8)
        if inner:
            for child in inner:
                yield from parts_of(child, repeated)
        elif op in (constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY):
            yield repeated, op, value


def inner_trees(op: Any, value: Any) -> list[Any]:
    """The trees inside a part."""
    if op in REPEATS:
        return [value[2]]
    if op is constants.BRANCH:
        return list(value[1])
    if op is constants.SUBPATTERN:
        return [value[3]]
    if op is constants.ATOMIC_GROUP:
        return [value]
    return [value[1]] if op in (constants.ASSERT, constants.ASSERT_NOT) else []


def character_of(op: Any, value: Any) -> str:
    """A character that the part takes."""
    if op is constants.LITERAL:
        return chr(value)
    if op is constants.NOT_LITERAL or op is constants.ANY:
        return "G" if value != ord("G") else "H"
    if value[0][0] is constants.NEGATE:
        one = re.compile("[^" + "".join(set_text(*item) for item in value[1:]) + "]")
        return next((text for text in "Ga1.-/ '\"é" if one.match(text)), "\x03")
    kind, item = value[0]
    return (
        IN_CATEGORY[item]
        if kind is constants.CATEGORY
        else chr(item if kind is constants.LITERAL else item[0])
    )


def set_text(kind: Any, value: Any) -> str:
    """One item of a set, as it is written."""
    if kind is constants.CATEGORY:
        return {"1": r"\d", "G": r"\S", " ": r"\s", "a": r"\w", "-": r"\W"}[IN_CATEGORY[value]]
    if kind is constants.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return re.escape(chr(value))


def samples(tree: Any) -> list[str]:
    """Some texts that the pattern takes, as far as its lookarounds allow, and then their beginnings, longest first."""
    whole, beginnings = [""], list[str]()
    for op, value in tree:
        beginnings = [*whole, *beginnings]
        whole = [text + more for text in whole for more in sample_parts(op, value)][:MOST_WORDS]
    return list(dict.fromkeys([*whole, *beginnings]))


def sample_parts(op: Any, value: Any) -> list[str]:
    """Some texts that one part takes."""
    if op in REPEATS:
        least, most, inner = value
        inside = next(iter(samples(inner)), "")
        return [inside * min(max(least, SAMPLE_REPEATS if most > 1 else 1), 40)]
    if op is constants.BRANCH:
        return [next(iter(samples(branch)), "") for branch in value[1][:3]]
    if op is constants.SUBPATTERN or op is constants.ATOMIC_GROUP:
        return samples(value[3] if op is constants.SUBPATTERN else value)[:2]
    if op in (constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY):
        return [character_of(op, value)]
    if op is constants.ASSERT and value[0] < 0:  # what must stand before
        return samples(value[1])[:1]
    return [""]
