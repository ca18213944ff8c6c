"""
The patterns that were counted to take linear time, so that a run of the tests counts those alone that are new.

`make patterns` runs this module: it counts all patterns of the product and writes the file anew. A line stands for what
the result depends on: what Python's parser makes of a pattern, how the product uses it, and the code that counts. A
change of any of them makes another line, which is not in the file, so the pattern is counted again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path

import django

from benchmarks.adversarial_texts import deep_texts, hard_texts
from benchmarks.adversarial_texts.patterns import FoundPattern, find_patterns
from tests import ROOT
from tests.security.costs import counted_repetitions, counting_matcher, pattern_steps
from tests.security.costs.pattern_steps import LONGEST, is_read_deep, pattern_faults, with_a_deep_stack

COUNTED = ROOT / "tests" / "fixtures" / "linear_patterns.txt"
COUNTING_CODE = [
    Path(module.__file__)
    for module in (counted_repetitions, counting_matcher, deep_texts, hard_texts, pattern_steps)
]
IN_ONE_PROCESS = 10  # patterns at most
DIGITS = 16  # of a hash: 64 bits, so that two patterns by chance never share one


class SteepPatterns(Exception):
    """Some patterns are not linear: none of them may be noted as counted."""


@cache
def counting_code() -> str:
    """The hash of the code that counts."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in COUNTING_CODE)).hexdigest()


def line_of(found: FoundPattern, code: str = "") -> str:
    """What stands in the file for this pattern, once it was counted."""
    tree = str(hard_texts.parsed(found.pattern))
    parts = (
        code or counting_code(), tree, found.pattern.flags, type(found.pattern.pattern).__name__,
        found.at_one_place, is_read_deep(found),
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:DIGITS]


@cache
def counted_lines(path: Path = COUNTED) -> frozenset[str]:
    """The lines of the file."""
    return frozenset(path.read_text().split())


def write_counted(patterns: Sequence[FoundPattern], path: Path, longest: int = LONGEST) -> None:
    """Count all of these and write their lines; if one is not linear, raise an error and write none."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        count = pool.map if len(patterns) > IN_ONE_PROCESS else map
        faults = list(count(faults_on_a_deep_stack, patterns, repeat(longest)))
    steep = [f"{found.name}: {wrong[0]}" for found, wrong in zip(patterns, faults, strict=True) if wrong]
    if steep:
        raise SteepPatterns("\n".join(steep))
    path.write_text("\n".join(sorted(set(map(line_of, patterns)))) + "\n")


def faults_on_a_deep_stack(found: FoundPattern, longest: int) -> list[str]:
    """What is wrong with one pattern."""
    return with_a_deep_stack(lambda: pattern_faults(found, longest))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
    django.setup()
    write_counted(find_patterns(), COUNTED)
