"""Every regular expression of the product takes linear time on any text: its steps are counted, no clock is read."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby

import pytest

from benchmarks.adversarial_texts.hard_texts import hard_texts
from benchmarks.adversarial_texts.patterns import FoundPattern, find_patterns, made_at_run_time, modules
from tests.security.costs.counted_repetitions import TooManySteps
from tests.security.costs.counting_matcher import CountingMatcher

SHORT, TIMES = 24, 8  # characters of a text, and how much longer the next one is
STEEPEST = 11  # times as many steps for a text TIMES as long; quadratic would be 64
MOST_STEPS = 100  # for a character, also where a bound ends the growth
MAKES_PATTERNS_AT_IMPORT = {
    "telemetry.grouping.first_message_forms",
    "telemetry.grouping.message_forms",
    "telemetry.grouping.message_template",
    "telemetry.grouping.pair_forms",
    "telemetry.scrubbing.kinds.pattern",
}  # in a function, of constants
LONGEST = 2_048  # by then every bounded repetition has reached its bound
PATTERNS = {
    name: list(found) for name, found in groupby(find_patterns(), key=lambda each: each.name.split(":")[0])
}


@pytest.fixture
def deep_stack() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Runs a function with room for a recursion as deep as the texts are long."""
    limit, size = sys.getrecursionlimit(), threading.stack_size(256 * 1024 * 1024)
    sys.setrecursionlimit(100_000)

    def run(function: Callable[[], None]) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(function).result()

    yield run
    sys.setrecursionlimit(limit)
    threading.stack_size(size)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_steps_grow_as_the_text_does(name: str, deep_stack: Callable[..., None]) -> None:
    def check() -> None:
        for found in PATTERNS[name]:
            assert steep_texts(found) == [], found.pattern.pattern

    deep_stack(check)


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


def steps_for(found: FoundPattern, matcher: CountingMatcher, text: str, limit: int = 10**9) -> int:
    """The steps for the text; where they exceed the limit, a few more than it."""
    matcher.steps, matcher.limit = 0, limit
    with suppress(TooManySteps):
        matcher.match(text, 0) if found.at_one_place else matcher.find_all(text)
    return matcher.steps


@pytest.mark.parametrize(
    "source", [r"Error.\S+$", r"at\S+\(\S+$", r"x*y", r"(?<=x)\w+$", r"key=.*;end", r"['\"]id['\"]: .*?\}$"]
)
def test_a_pattern_of_quadratic_time_is_found(source: str, deep_stack: Callable[..., None]) -> None:
    found = FoundPattern("quadratic", re.compile(source), at_one_place=False)

    def check() -> None:
        assert steep_texts(found, SHORT * TIMES)

    deep_stack(check)


def test_the_counting_matcher_finds_what_python_finds() -> None:
    for found in (each for patterns in PATTERNS.values() for each in patterns):
        matcher = CountingMatcher(found.pattern)
        for text in list(hard_texts(found.pattern, 20))[::5]:
            given = text.encode("latin-1", "replace")
            is_bytes = isinstance(found.pattern.pattern, bytes)
            expected = [match.span() for match in found.pattern.finditer(given if is_bytes else text)]
            assert matcher.find_all(given.decode("latin-1") if is_bytes else text) == expected


def test_no_pattern_is_made_of_what_is_only_known_at_run_time() -> None:
    lines = [
        f"{module.__name__}:{line}"
        for module in modules()
        if module.__name__ not in MAKES_PATTERNS_AT_IMPORT
        for line in made_at_run_time(ast.parse(inspect.getsource(module)))
    ]

    assert lines == []
