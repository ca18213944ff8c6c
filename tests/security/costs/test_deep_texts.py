"""The patterns that read stacks, and what groups and names failures, also inside repetitions that share a text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from itertools import groupby

import pytest

from benchmarks.adversarial_texts.deep_texts import deep_texts
from benchmarks.adversarial_texts.patterns import FoundPattern, find_patterns
from tests.security.costs.counting_matcher import CountingMatcher
from tests.security.costs.test_linear_patterns import MOST_STEPS, deep_stack, steps_for

__all__ = ["deep_stack"]
LENGTH = 2_000  # characters of a line that are read
COUNTED = 2  # texts of a pattern whose steps are counted: those that took the longest
READ = (
    "telemetry.stacks.",
    "telemetry.grouping.",
    "telemetry.failures.finish_reasons",
    "telemetry.failures.blank_answers",
    "diagnosis.issues.titles",
)
PATTERNS = {
    name: list(found)
    for name, found in groupby(find_patterns(), key=lambda each: re.split(r"[.][A-Z]|:", each.name)[0])
    if name.startswith(READ)
}


def steep_deep_texts(found: FoundPattern) -> Iterator[str]:
    """The texts that take too many steps, of those on which Python's own matcher takes longest."""
    matcher = CountingMatcher(found.pattern)
    slowest = sorted(deep_texts(found.pattern, LENGTH), key=lambda text: -seconds_for(found, text))
    for text in slowest[:COUNTED]:
        if steps_for(found, matcher, text, MOST_STEPS * len(text)) > MOST_STEPS * len(text):
            yield text


def seconds_for(found: FoundPattern, text: str) -> float:
    """The time of all matches in the text. It only chooses what is counted."""
    start = time.perf_counter()
    if found.at_one_place:
        found.pattern.match(text)
    else:
        for _ in found.pattern.finditer(text):
            pass
    return time.perf_counter() - start


@pytest.mark.parametrize("name", PATTERNS)
def test_no_part_is_read_again_from_each_of_its_ends(name: str, deep_stack: Callable[..., None]) -> None:
    def check() -> None:
        for found in PATTERNS[name]:
            assert list(steep_deep_texts(found)) == [], found.pattern.pattern

    deep_stack(check)


@pytest.mark.parametrize(
    "source",
    [
        r"(?P<message>[^\n]{0,1500}?) at (?P<file>[^\n]{1,400}?) line \d{1,9}\.$",  # what `die` of Perl says
        r"at [^\s()]{1,500}+\([^()\n]{1,600} [^()\n]{0,300}\)",  # arguments of .NET
        r"#\d (?P<function>[^\n]{1,500}?) \([^\n]{0,600}\)$",  # a function of gdb
    ],
)
def test_repetitions_that_share_a_text_are_found(source: str, deep_stack: Callable[..., None]) -> None:
    found = FoundPattern("quadratic", re.compile(source), at_one_place=True)

    deep_stack(lambda: found_steep(found))


def found_steep(found: FoundPattern) -> None:
    """Some text of the pattern is steep."""
    assert list(steep_deep_texts(found))


def test_a_repetition_that_gives_nothing_back_is_not_steep(deep_stack: Callable[..., None]) -> None:
    source = r"#\d (?P<function>(?:(?! \()[^\n]){1,500}+) \([^\n]{0,600}\)$"
    found = FoundPattern("linear", re.compile(source), at_one_place=True)

    def check() -> None:
        assert list(steep_deep_texts(found)) == []

    deep_stack(check)
