"""docs/protocol.md names every rule of the receiver, and each has a test that carries its id."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

from tests import ROOT

PAGE = (ROOT / "docs" / "protocol.md").read_text()
ROW = re.compile(r"^\| ([RJMAB]\d+) \| (.+) \| (.+) \| \[[^]]+\]\((\S+)\) \|$", re.MULTILINE)
CARRIED = re.compile(r"_([rjmab]\d+)(?=_)")
RULES = [
    f"{letter}{n}"
    for letter, last in zip("RJMAB", (10, 8, 6, 11, 9), strict=True)
    for n in range(1, last + 1)
]


@cache
def carried() -> Counter[str]:
    """How many tests of this folder carry each id in their name."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "tests" / "telemetry").rglob("test_*.py")]
    names = [node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    tests = [name for name in names if name.startswith("test_")]
    return Counter(rule.upper() for name in tests for rule in CARRIED.findall(name))


def test_the_page_has_each_rule_once_in_order() -> None:
    assert [row[0] for row in ROW.findall(PAGE)] == RULES
    assert len(re.findall(r"^\| [RJMAB]\d+ \|", PAGE, re.MULTILINE)) == len(RULES)


def test_each_rule_of_the_page_has_a_test_that_carries_its_id() -> None:
    assert [rule for rule, *_ in ROW.findall(PAGE) if not carried()[rule]] == []


def test_each_id_that_a_test_carries_is_on_the_page() -> None:
    assert sorted(carried().keys() - set(RULES)) == []


def test_each_rule_says_what_is_done_and_where_it_comes_from() -> None:
    for rule, asked, done, source in ROW.findall(PAGE):
        assert asked.endswith("."), rule
        assert done.endswith("."), rule
        assert source.startswith(("https://", "../")), rule
