"""
The spans of one trace in the order people read them: each below its parent, siblings by start.

Producers send what they like, in any order: a parent that never came or is its own descendant costs no span its row.
Source: https://opentelemetry.io/docs/specs/otel/overview/#traces (a trace is a tree by parent span ids)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

ORPHAN, CIRCLE = "orphan", "circle"


class Node(NamedTuple):
    """One span, as far as its place in the tree goes."""

    span_id: bytes
    parent_span_id: bytes | None
    start_unix_nano: int
    duration_nano: int


class Placed(NamedTuple):
    """A span with how deep it lies; `fault` says why it lies on top though it names a parent."""

    node: Node
    depth: int
    fault: str = ""


def placed(nodes: Sequence[Node]) -> list[Placed]:
    """Every span once, from the top down. `nodes` are by start time, and their ids differ."""
    known = {node.span_id: node for node in nodes}
    children: dict[bytes, list[Node]] = {}
    tops = []
    for node in nodes:
        if node.parent_span_id in known:
            children.setdefault(node.parent_span_id, []).append(node)
        else:
            tops.append(Placed(node, 0, ORPHAN if node.parent_span_id else ""))
    seen: set[bytes] = set()
    found = [row for top in tops for row in below(top, children, seen)]
    for node in nodes if len(found) < len(nodes) else ():
        if node.span_id not in seen:
            found += below(Placed(on_circle(node, known), 0, CIRCLE), children, seen)
    return found


def below(top: Placed, children: dict[bytes, list[Node]], seen: set[bytes]) -> Iterator[Placed]:
    """The span and its descendants, depth first; those in `seen` are left out, the others added to it."""
    waiting = [top]
    while waiting:
        row = waiting.pop()
        if row.node.span_id in seen:
            continue
        seen.add(row.node.span_id)
        yield row
        if row.node.span_id in children:
            waiting += [Placed(child, row.depth + 1) for child in reversed(children[row.node.span_id])]


def on_circle(node: Node, known: dict[bytes, Node]) -> Node:
    """The first ancestor that is met again on the way up, where every way up ends in a circle."""
    met: set[bytes] = set()
    while node.span_id not in met and node.parent_span_id is not None:
        met.add(node.span_id)
        node = known[node.parent_span_id]
    return node
