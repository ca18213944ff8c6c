"""
The spans of one trace in the order people read them: each below its parent, siblings by start.

A parent may be missing or be its own descendant; each span has its row all the same.
Source: https://opentelemetry.io/docs/specs/otel/overview/#traces (a trace is a tree by parent span ids)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

ORPHAN, CIRCLE = "orphan", "circle"


class SpanNode(NamedTuple):
    """A span's ids and times, as the tree needs them."""

    span_id: bytes
    parent_span_id: bytes | None
    start_unix_nano: int
    duration_nano: int


class PlacedSpan(NamedTuple):
    """A span with its depth in the tree; `fault` says why it is at the top although it names a parent."""

    node: SpanNode
    depth: int
    fault: str = ""


def placed_spans(nodes: Sequence[SpanNode]) -> list[PlacedSpan]:
    """Every span once, from the top down. `nodes` are ordered by start time, and their ids differ."""
    nodes_by_id = {node.span_id: node for node in nodes}
    children: dict[bytes, list[SpanNode]] = {}
    tops = []
    for node in nodes:
        if node.parent_span_id in nodes_by_id:
            children.setdefault(node.parent_span_id, []).append(node)
        else:
            tops.append(PlacedSpan(node, 0, ORPHAN if node.parent_span_id else ""))
    visited: set[bytes] = set()
    rows = [row for top in tops for row in below(top, children, visited)]
    for node in nodes if len(rows) < len(nodes) else ():
        if node.span_id not in visited:
            rows += below(PlacedSpan(on_circle(node, nodes_by_id), 0, CIRCLE), children, visited)
    return rows


def below(
    top: PlacedSpan, children: dict[bytes, list[SpanNode]], visited: set[bytes]
) -> Iterator[PlacedSpan]:
    """The span and its descendants, depth first, without those in `visited`; adds the ids of the others to it."""
    stack = [top]
    while stack:
        row = stack.pop()
        if row.node.span_id in visited:
            continue
        visited.add(row.node.span_id)
        yield row
        if row.node.span_id in children:
            stack += [PlacedSpan(child, row.depth + 1) for child in reversed(children[row.node.span_id])]


def on_circle(node: SpanNode, nodes_by_id: dict[bytes, SpanNode]) -> SpanNode:
    """The first ancestor that comes twice on the way up; every way up from the node must end in a cycle."""
    visited: set[bytes] = set()
    while node.span_id not in visited and node.parent_span_id is not None:
        visited.add(node.span_id)
        node = nodes_by_id[node.parent_span_id]
    return node
