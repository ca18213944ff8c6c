"""Each span once, below its parent, whatever the parents are."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from telemetry.reads.one_trace.trace_tree import CIRCLE, ORPHAN, SpanNode, placed_spans


def node(name: str, parent: str = "", start: int = 0) -> SpanNode:
    """A span called `name`."""
    return SpanNode(name.encode(), parent.encode() or None, start, 1)


def drawn(*nodes: SpanNode) -> list[tuple[str, int, str]]:
    """Name, depth and fault of each row."""
    return [(row.node.span_id.decode(), row.depth, row.fault) for row in placed_spans(nodes)]


def test_children_stand_below_their_parent_by_start() -> None:
    rows = drawn(node("root"), node("a", "root", 1), node("b", "root", 2), node("a1", "a", 3))

    assert rows == [("root", 0, ""), ("a", 1, ""), ("a1", 2, ""), ("b", 1, "")]


def test_a_span_whose_parent_never_came_lies_on_top_and_says_so() -> None:
    assert drawn(node("root"), node("lost", "elsewhere", 1), node("under", "lost", 2)) == [
        ("root", 0, ""),
        ("lost", 0, ORPHAN),
        ("under", 1, ""),
    ]


def test_a_parent_that_starts_after_its_child_still_holds_it() -> None:
    assert drawn(node("child", "late"), node("late", start=9)) == [("late", 0, ""), ("child", 1, "")]


def test_spans_in_a_circle_and_what_hangs_on_it_are_shown_once() -> None:
    rows = drawn(node("tail", "a"), node("a", "b", 1), node("b", "a", 2), node("self", "self", 3))

    assert rows == [("a", 0, CIRCLE), ("tail", 1, ""), ("b", 1, ""), ("self", 0, CIRCLE)]


def test_ten_thousand_levels_are_no_recursion() -> None:
    rows = placed_spans(
        [node(str(number), str(number - 1) if number else "", number) for number in range(10_000)]
    )

    assert rows[-1].depth == 9_999


@given(st.lists(st.integers(0, 12), max_size=12), st.integers(0, 99))
def test_every_span_has_one_row_and_the_order_of_arrival_does_not_matter(
    parents: list[int], seed: int
) -> None:
    nodes = [node(f"{number}", f"{parent}", number % 3) for number, parent in enumerate(parents)]
    by_start = sorted(nodes, key=lambda one: (one.start_unix_nano, one.span_id))
    random.Random(seed).shuffle(nodes)
    again = sorted(nodes, key=lambda one: (one.start_unix_nano, one.span_id))

    rows = placed_spans(by_start)

    assert sorted(row.node.span_id for row in rows) == sorted(one.span_id for one in nodes)
    assert placed_spans(again) == rows
