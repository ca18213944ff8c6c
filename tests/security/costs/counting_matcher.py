"""
A matcher of regular expressions that counts its steps, for proofs that need no clock.

It goes the way that Python's own takes: alternatives in their order, repetitions as greedy as they are, one place of
the text after the other (https://github.com/python/cpython/blob/main/Modules/_sre/sre_lib.h). A step is one part of the
pattern tried at one place. Tests compare its matches with those of `re`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from re import _constants as c  # type: ignore[attr-defined]  # not in typeshed
from typing import Any

from benchmarks.adversarial_texts.hard_texts import parsed, set_text
from tests.security.costs.counted_repetitions import CountedRepetitions, Part, Then


class CountingMatcher(CountedRepetitions):
    """One pattern; `steps` counts over all texts."""

    def __init__(self, pattern: re.Pattern[Any], limit: int = 10**9) -> None:
        self.flags, self.limit, self.steps, self.text = pattern.flags, limit, 0, ""
        self.groups: dict[int, tuple[int, int]] = {}
        self.whole = self.sequence(list(parsed(pattern)), self.flags)

    def match(self, text: str, start: int) -> int:
        """The end of the match at this place, -1 for none."""
        self.text, self.groups = text, {}
        return self.whole(start, lambda end: end)

    def find_all(self, text: str) -> list[tuple[int, int]]:
        """The places of all matches, as `finditer` gives them."""
        places: list[tuple[int, int]] = []
        start, empty_at = 0, -1
        while start <= len(text):
            end = self.match(text, start)
            if end < 0 or (end == start == empty_at):
                start += 1
                continue
            places.append((start, end))
            empty_at = end if end == start else -1
            start = end
        return places

    def sequence(self, items: list[Any], flags: int) -> Part:
        """All parts, one behind the other."""
        if not items:
            return lambda at, then: then(at)
        first = self.part(*items[0], flags)
        if len(items) == 1:
            return first
        rest = self.sequence(items[1:], flags)
        return lambda at, then: first(at, lambda reached: rest(reached, then))

    def part(self, op: Any, value: Any, flags: int) -> Part:
        """One part, by its kind."""
        if op in (c.LITERAL, c.NOT_LITERAL, c.IN, c.ANY):
            return self.one_character(self.takes(op, value, flags))
        if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
            return self.repetition(op, *value, flags)
        if op is c.SUBPATTERN:
            number, added, removed, inner = value
            return self.group(number, self.sequence(list(inner), (flags | added) & ~removed))
        makers: dict[Any, Callable[[Any, int], Part]] = {
            c.BRANCH: self.branch, c.ATOMIC_GROUP: self.atomic_group, c.GROUPREF: self.groupref, c.AT: self.at,
        }  # fmt: skip
        if op in (c.ASSERT, c.ASSERT_NOT):
            return self.look(*value, op is c.ASSERT, flags)
        return makers[op](value, flags)

    def takes(self, op: Any, value: Any, flags: int) -> Callable[[str], bool]:
        """Whether the part takes a character."""
        if op is c.IN:
            negated = value[0][0] is c.NEGATE
            source = "".join(set_text(*item) for item in value[negated:])
            source = f"[{'^' * negated}{source}]"
        elif op is c.ANY:
            source = "."
        else:
            source = f"[{'^' * (op is c.NOT_LITERAL)}{re.escape(chr(value))}]"
        one, known = re.compile(source, flags & (re.I | re.S | re.A)), dict[str, bool]()

        def is_taken(character: str) -> bool:
            if character not in known:
                known[character] = one.match(character) is not None
            return known[character]

        return is_taken

    def one_character(self, takes: Callable[[str], bool]) -> Part:
        """A part that takes one character."""

        def run(at: int, then: Then) -> int:
            self.step()
            return then(at + 1) if at < len(self.text) and takes(self.text[at]) else -1

        return run

    def repetition(self, op: Any, least: int, most: Any, inner: Any, flags: int) -> Part:
        """A repetition; of a single character in a loop, of others by recursion."""
        items = list(inner)
        most = 10**9 if most is c.MAXREPEAT else int(most)
        if len(items) == 1 and items[0][0] in (c.LITERAL, c.NOT_LITERAL, c.IN, c.ANY):
            return self.run_of(op, least, most, self.takes(*items[0], flags))
        once = self.sequence(items, flags)
        if op is c.POSSESSIVE_REPEAT:
            return self.possessive(once, least, most)
        return self.several(op is c.MIN_REPEAT, once, least, most)

    def group(self, number: int | None, inside: Part) -> Part:
        """A group, whose place is kept for references to it."""
        if number is None:
            return inside

        def run(at: int, then: Then) -> int:
            def close(end: int) -> int:
                before = self.groups.get(number)
                self.groups[number] = at, end
                found = then(end)
                if found < 0 and before is None:
                    del self.groups[number]
                elif found < 0 and before is not None:
                    self.groups[number] = before
                return found

            return inside(at, close)

        return run

    def branch(self, value: Any, flags: int) -> Part:
        """Alternatives, in their order."""
        parts = [self.sequence(list(items), flags) for items in value[1]]
        return lambda at, then: next((end for part in parts if (end := part(at, then)) >= 0), -1)

    def atomic_group(self, value: Any, flags: int) -> Part:
        """A group that gives nothing back."""
        inside = self.sequence(list(value), flags)
        return lambda at, then: then(end) if (end := inside(at, lambda reached: reached)) >= 0 else -1

    def look(self, direction: int, items: Any, is_wanted: bool, flags: int) -> Part:
        """A look ahead, or behind by as many characters as its part takes."""
        inside = self.sequence(list(items), flags)
        width = items.getwidth()[0] if direction < 0 else 0

        def run(at: int, then: Then) -> int:
            self.step()
            start = at - width
            is_there = start >= 0 and inside(start, lambda reached: reached) >= 0
            return then(at) if is_there is is_wanted else -1

        return run

    def groupref(self, number: int, flags: int) -> Part:
        """The text of a group again."""

        def run(at: int, then: Then) -> int:
            self.step()
            if number not in self.groups:
                return -1
            again = self.text[slice(*self.groups[number])]
            return then(at + len(again)) if self.text.startswith(again, at) else -1

        return run

    def at(self, where: Any, flags: int) -> Part:
        """A place: the beginning, the end, a border of a word."""

        def run(at: int, then: Then) -> int:
            self.step()
            return then(at) if self.is_at(where, at, flags) else -1

        return run

    def is_at(self, where: Any, at: int, flags: int) -> bool:
        """Whether this is such a place."""
        text, lines = self.text, bool(flags & re.M)
        if where in (c.AT_BEGINNING, c.AT_BEGINNING_STRING):
            return at == 0 or (lines and where is c.AT_BEGINNING and text[at - 1] == "\n")
        if where in (c.AT_END, c.AT_END_STRING):
            at_last_newline = where is c.AT_END and text[at:] == "\n"
            return at == len(text) or at_last_newline or (lines and text[at] == "\n")
        word = re.compile(r"\w", flags & re.A)
        sides = [bool(word.match(text[place])) if 0 <= place < len(text) else False for place in (at - 1, at)]
        return (sides[0] != sides[1]) is (where is c.AT_BOUNDARY)
