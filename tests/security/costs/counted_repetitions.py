"""The repetitions of the counting matcher (counting_matcher.py)."""

from __future__ import annotations

from collections.abc import Callable
from re import _constants as c  # type: ignore[attr-defined]  # not in typeshed
from typing import Any

Then = Callable[[int], int]  # from the place that was reached to the end of the whole match, -1 for none
Part = Callable[[int, Then], int]


class TooManySteps(Exception):
    """The limit is reached; `steps` says so many."""


class CountedRepetitions:
    """Ways to repeat a part of a pattern; `steps` counts over all texts."""

    text: str
    steps: int
    limit: int

    def step(self) -> None:
        """Count one step."""
        self.steps += 1
        if self.steps > self.limit:
            raise TooManySteps

    def run_of(self, op: Any, least: int, most: int, takes: Callable[[str], bool]) -> Part:
        """A repetition of one character."""

        def run(at: int, then: Then) -> int:
            text, count = self.text, least if op is c.MIN_REPEAT else most
            end = at
            while end < len(text) and end - at < count and takes(text[end]):
                end += 1
                self.step()
            if end - at < least:
                return -1
            if op is c.POSSESSIVE_REPEAT:
                return then(end)
            if op is c.MAX_REPEAT:
                return next(
                    (found for to in range(end, at + least - 1, -1) if (found := tried(to, then)) >= 0), -1
                )
            while (found := tried(end, then)) < 0:
                if end >= len(text) or end - at >= most or not takes(text[end]):
                    return -1
                end += 1
            return found

        def tried(to: int, then: Then) -> int:
            self.step()
            return then(to)

        return run

    def possessive(self, once: Part, least: int, most: int) -> Part:
        """A repetition that gives nothing back."""

        def run(at: int, then: Then) -> int:
            count = 0
            while count < most and (end := once(at, lambda reached: reached)) >= 0:
                count += 1
                if end == at:
                    break
                at = end
            return then(at) if count >= least else -1

        return run

    def several(self, is_lazy: bool, once: Part, least: int, most: int) -> Part:
        """A repetition of a longer part."""

        def run(at: int, then: Then, count: int = 0) -> int:
            self.step()

            def more() -> int:
                if count >= most:
                    return -1
                return once(at, lambda end: -1 if end == at and count >= least else run(end, then, count + 1))

            if count < least:
                return more()
            first, second = (lambda: then(at), more) if is_lazy else (more, lambda: then(at))
            found = first()
            return found if found >= 0 else second()

        return run
