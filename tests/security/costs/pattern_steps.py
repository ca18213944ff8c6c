"""
What is wrong with a regular expression, by counting the steps of its matches on texts made to be hard for it.

The result depends on the pattern and on this code alone, so that what was counted once is kept (counted_patterns.py).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from benchmarks.adversarial_texts.deep_texts import deep_texts
from benchmarks.adversarial_texts.hard_texts import hard_texts
from benchmarks.adversarial_texts.patterns import FoundPattern
from tests.security.costs.counted_repetitions import TooManySteps
from tests.security.costs.counting_matcher import CountingMatcher

SHORT, TIMES = 24, 8  # characters of a text, and how much longer the next one is
STEEPEST = 11  # times as many steps for a text TIMES as long; quadratic would be 64
MOST_STEPS = 100  # for a character, also where a bound ends the growth
LONGEST = 2_048  # by then every bounded repetition has reached its bound
DEEP_LENGTH = 2_000  # characters of a line that are read
DEEP_COUNTED = 2  # deep texts of a pattern whose steps are counted: those that took the longest
READ_DEEP = (
    "telemetry.stacks.",
    "telemetry.grouping.",
    "telemetry.failures.finish_reasons",
    "telemetry.failures.blank_answers",
    "diagnosis.issues.titles",
)
Result = TypeVar("Result")


def with_a_deep_stack(function: Callable[[], Result]) -> Result:
    """The function's result, with room for a recursion as deep as the texts are long."""
    limit, size = sys.getrecursionlimit(), threading.stack_size(256 * 1024 * 1024)
    sys.setrecursionlimit(100_000)
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function).result()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)


def pattern_faults(found: FoundPattern, longest: int = LONGEST) -> list[str]:
    """Everything that is wrong with a pattern; nothing where it takes linear time."""
    return [
        *(f"the steps grow faster than {text!r}" for text in steep_texts(found, longest)),
        *(f"too many steps for {text[:80]!r}" for text in deep_texts_that_are_steep(found)),
        *(f"counted otherwise than Python matches {text!r}" for text in misread_texts(found)),
    ]


def is_read_deep(found: FoundPattern) -> bool:
    """Whether the pattern reads stacks, or groups and names failures: also counted inside its repetitions."""
    return found.name.startswith(READ_DEEP)


def steep_texts(found: FoundPattern, longest: int = LONGEST) -> list[str]:
    """The beginnings of texts for which the steps grow faster than the length, also where bounds are reached."""
    matcher = CountingMatcher(found.pattern)
    texts = list(enumerate(hard_texts(found.pattern, SHORT)))
    steps = {index: steps_for(found, matcher, text) for index, text in texts}
    length = SHORT
    while steps and length < longest:
        length *= TIMES
        longer = {
            index: steps_for(found, matcher, text, 70 * steps[index])
            for index, text in enumerate(hard_texts(found.pattern, length))
            if index in steps
        }
        steps = {
            index: count
            for index, count in longer.items()
            if count > STEEPEST * steps[index] or count > MOST_STEPS * length
        }
    return [text for index, text in texts if index in steps]


def deep_texts_that_are_steep(found: FoundPattern) -> list[str]:
    """The deep texts with too many steps, where the pattern may be given such texts."""
    return list(steep_deep_texts(found)) if is_read_deep(found) else []


def steep_deep_texts(found: FoundPattern) -> Iterator[str]:
    """The texts that take too many steps, of those on which Python's own matcher takes longest."""
    matcher = CountingMatcher(found.pattern)
    slowest = sorted(deep_texts(found.pattern, DEEP_LENGTH), key=lambda text: -seconds_for(found, text))
    for text in slowest[:DEEP_COUNTED]:
        if steps_for(found, matcher, text, MOST_STEPS * len(text)) > MOST_STEPS * len(text):
            yield text


def steps_for(found: FoundPattern, matcher: CountingMatcher, text: str, limit: int = 10**9) -> int:
    """The steps for the text; where they exceed the limit, a few more than it."""
    matcher.steps, matcher.limit = 0, limit
    with suppress(TooManySteps):
        matcher.match(text, 0) if found.at_one_place else matcher.find_all(text)
    return matcher.steps


def seconds_for(found: FoundPattern, text: str) -> float:
    """The time of all matches in the text. It only chooses what is counted."""
    start = time.perf_counter()
    if found.at_one_place:
        found.pattern.match(text)
    else:
        for _ in found.pattern.finditer(text):
            pass
    return time.perf_counter() - start


def misread_texts(found: FoundPattern) -> list[str]:
    """The texts in which the counting matcher finds other matches than Python does."""
    matcher, is_bytes = CountingMatcher(found.pattern), isinstance(found.pattern.pattern, bytes)
    misread = []
    for text in list(hard_texts(found.pattern, 20))[::5]:
        given = text.encode("latin-1", "replace")
        expected = [match.span() for match in found.pattern.finditer(given if is_bytes else text)]
        if matcher.find_all(given.decode("latin-1") if is_bytes else text) != expected:
            misread.append(text)
    return misread
