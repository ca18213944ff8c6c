"""Patterns that read stacks, group and name failures are also counted inside repetitions that share a text."""

from __future__ import annotations

import re

import pytest

from benchmarks.adversarial_texts.patterns import FoundPattern
from tests.security.costs.pattern_steps import (
    deep_texts_that_are_steep,
    steep_deep_texts,
    with_a_deep_stack,
)

SHARED = [
    r"(?P<message>[^\n]{0,1500}?) at (?P<file>[^\n]{1,400}?) line \d{1,9}\.$",  # what `die` of Perl says
    r"at [^\s()]{1,500}+\([^()\n]{1,600} [^()\n]{0,300}\)",  # arguments of .NET
    r"#\d (?P<function>[^\n]{1,500}?) \([^\n]{0,600}\)$",  # a function of gdb
]


@pytest.mark.parametrize("source", SHARED)
def test_repetitions_that_share_a_text_are_found(source: str) -> None:
    found = FoundPattern("telemetry.stacks.QUADRATIC", re.compile(source), at_one_place=True)

    assert with_a_deep_stack(lambda: deep_texts_that_are_steep(found))


def test_a_repetition_that_gives_nothing_back_is_not_steep() -> None:
    source = r"#\d (?P<function>(?:(?! \()[^\n]){1,500}+) \([^\n]{0,600}\)$"
    found = FoundPattern("telemetry.stacks.LINEAR", re.compile(source), at_one_place=True)

    assert with_a_deep_stack(lambda: list(steep_deep_texts(found))) == []
