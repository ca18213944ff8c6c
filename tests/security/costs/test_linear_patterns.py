"""Every regular expression of the product takes linear time on any text: its steps are counted, no clock is read."""

from __future__ import annotations

import ast
import inspect
import random
import re
from pathlib import Path

import pytest

from benchmarks.adversarial_texts.patterns import FoundPattern, find_patterns, made_at_run_time, modules
from tests.security.costs.counted_patterns import (
    COUNTING_CODE,
    SteepPatterns,
    counted_lines,
    line_of,
    write_counted,
)
from tests.security.costs.counting_matcher import CountingMatcher
from tests.security.costs.pattern_steps import (
    SHORT,
    TIMES,
    is_read_deep,
    misread_texts,
    pattern_faults,
    steep_texts,
    with_a_deep_stack,
)

COUNTED_ANEW = 25  # patterns in each run of the tests
MAKES_PATTERNS_AT_IMPORT = {
    "telemetry.grouping.first_message_forms",
    "telemetry.grouping.message_forms",
    "telemetry.grouping.message_template",
    "telemetry.grouping.pair_forms",
    "telemetry.scrubbing.kinds.pattern",
}  # in a function, of constants
QUADRATIC = [r"Error.\S+$", r"at\S+\(\S+$", r"x*y", r"(?<=x)\w+$", r"key=.*;end", r"['\"]id['\"]: .*?\}$"]
LINEAR = FoundPattern("linear", re.compile(r"\d{1,9} items"), at_one_place=False)


@pytest.fixture(scope="module")
def patterns() -> list[FoundPattern]:
    """All patterns of the product."""
    found = find_patterns()
    assert len(found) > 2_000
    return found


def test_those_that_read_stacks_and_failures_are_also_counted_inside_repetitions(
    patterns: list[FoundPattern],
) -> None:
    assert sum(map(is_read_deep, patterns)) > 300


def test_the_steps_grow_as_the_text_does_where_a_pattern_is_new(patterns: list[FoundPattern]) -> None:
    new = [found for found in patterns if line_of(found) not in counted_lines()]

    assert faults_in(new) == {}


def test_the_steps_of_some_patterns_that_were_counted_before_are_counted_anew(
    patterns: list[FoundPattern],
) -> None:
    """Others in each run: pytest-randomly's seed chooses them, and comes first in what pytest prints."""
    old = [found for found in patterns if line_of(found) in counted_lines()]

    assert faults_in(random.sample(old, min(COUNTED_ANEW, len(old)))) == {}


def faults_in(patterns: list[FoundPattern]) -> dict[str, list[str]]:
    """What is wrong with each of the patterns that is not linear."""
    faults = with_a_deep_stack(lambda: [pattern_faults(found) for found in patterns])
    return {
        f"{found.name}: {found.pattern.pattern!r}": wrong
        for found, wrong in zip(patterns, faults, strict=True)
        if wrong
    }


@pytest.mark.parametrize("source", QUADRATIC)
def test_a_pattern_of_quadratic_time_is_found(source: str) -> None:
    found = FoundPattern("quadratic", re.compile(source), at_one_place=False)

    assert with_a_deep_stack(lambda: steep_texts(found, SHORT * TIMES))


@pytest.mark.parametrize("source", QUADRATIC)
def test_a_pattern_of_quadratic_time_is_not_noted_as_counted(source: str, tmp_path: Path) -> None:
    steep = FoundPattern("telemetry.somewhere.STEEP", re.compile(source), at_one_place=False)

    with pytest.raises(SteepPatterns, match=r"telemetry\.somewhere\.STEEP"):
        write_counted([LINEAR, steep], tmp_path / "counted.txt", SHORT * TIMES)

    assert not (tmp_path / "counted.txt").exists()
    assert line_of(steep) not in counted_lines()


def test_a_linear_pattern_is_noted_as_counted(tmp_path: Path) -> None:
    write_counted([LINEAR], tmp_path / "counted.txt")

    assert counted_lines(tmp_path / "counted.txt") == {line_of(LINEAR)}


def test_what_the_result_depends_on_makes_another_line() -> None:
    others = [
        LINEAR._replace(pattern=re.compile(r"\d{1,8} items")),
        LINEAR._replace(pattern=re.compile(r"\d{1,9} items", re.I)),
        LINEAR._replace(pattern=re.compile(rb"\d{1,9} items")),
        LINEAR._replace(at_one_place=True),
        LINEAR._replace(name="telemetry.stacks.LINE"),
    ]

    assert len({line_of(each) for each in [LINEAR, *others]} | {line_of(LINEAR, "other code")}) == 7
    assert line_of(LINEAR._replace(name="telemetry.elsewhere")) == line_of(LINEAR)


def test_all_code_that_counts_is_part_of_each_line() -> None:
    """What a counting module imports of this project counts too, but for how patterns are found."""
    imported = {
        name.replace(".", "/")
        for path in COUNTING_CODE
        for name in re.findall(r"^from ((?:benchmarks|tests)\.\S+) import", path.read_text(), re.M)
    }
    named = {name for name in imported if not any(str(path).endswith(f"{name}.py") for path in COUNTING_CODE)}

    assert named == {"benchmarks/adversarial_texts/patterns"}


def test_a_match_that_python_does_not_find_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert misread_texts(LINEAR) == []

    monkeypatch.setattr(CountingMatcher, "find_all", lambda self, text: [(0, 1)])

    assert misread_texts(LINEAR) != []


def test_no_pattern_is_made_of_what_is_only_known_at_run_time() -> None:
    lines = [
        f"{module.__name__}:{line}"
        for module in modules()
        if module.__name__ not in MAKES_PATTERNS_AT_IMPORT
        for line in made_at_run_time(ast.parse(inspect.getsource(module)))
    ]

    assert lines == []
