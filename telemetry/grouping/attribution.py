"""
Attribution of failing spans: the innermost one of a trace is the primary failure, the outer ones are downstream of it.

Instrumentations mark two to five spans as failed for one failure, and the outer ones only repeat the innermost, so that
one failure becomes one issue. The functions read no database; telemetry/store keeps their result up to date while the
spans of a trace arrive.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telemetry.failures.unknown_tool import UNKNOWN_TOOL
from telemetry.signals import SIGNALS
from telemetry.spans.failing_record import FailingRecord

SOFT = SIGNALS.soft  # these do not make the spans around them fail
ASKED = re.compile(r"the (?:tool|call of) ([^\s,]+)")  # the tool in the messages of malformed_tool_call.py
MOST_TOOLS = 100  # failed tool calls of a trace that are compared with malformed calls
MAX_CLIMB = 1000  # parents followed from one span; wrong ids can make a circle


@dataclass(slots=True)
class Attributed:
    """A primary failure with its downstream failures: the outer spans that repeat it."""

    primary: FailingRecord
    downstream: list[FailingRecord] = field(default_factory=list)


def attribute(
    failures: Iterable[FailingRecord], parents: Mapping[tuple[bytes, bytes], bytes]
) -> list[Attributed]:
    """
    Return the primary failures of each trace, in the order of their start.

    Args:
        parents: the parent's span id by trace id and span id; needed for traces with two failing spans or more.
    """
    by_trace: dict[bytes, list[FailingRecord]] = defaultdict(list)
    for failing in failures:
        by_trace[failing.trace_id].append(failing)
    return [item for spans in by_trace.values() for item in innermost(spans, parents)]


def innermost(spans: list[FailingRecord], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[Attributed]:
    """Return the failing spans of one trace that have no failing descendant, each with the outer ones."""
    spans = sorted(spans, key=lambda span: (span.start_time_unix_nano, span.span_id))
    hard = {
        span.span_id: span for span in spans if span.signal_type not in SOFT or is_call_of_unknown_tool(span)
    }
    downstream: dict[bytes, list[FailingRecord]] = {
        span.span_id: outer(span, hard, parents) for span in hard.values()
    }
    tool_calls = [span for span in hard.values() if span.unit == "tool_call"][:MOST_TOOLS]
    for answer in (
        span for span in spans if span.signal_type == "malformed_output" and not is_call_of_unknown_tool(span)
    ):
        tool_call = next((span for span in tool_calls if is_asked_for(span, answer)), None)
        if tool_call:
            downstream[answer.span_id] = [tool_call, *downstream[tool_call.span_id]]
    repeated_ids = {span.span_id for chain in downstream.values() for span in chain}
    return [
        Attributed(span, downstream.get(span.span_id, []))
        for span in spans
        if span.span_id not in repeated_ids
    ]


def is_call_of_unknown_tool(span: FailingRecord) -> bool:
    """Whether a tool call failed because there is no such tool (telemetry/failures/unknown_tool.py)."""
    return span.unit == "tool_call" and span.error_type == UNKNOWN_TOOL


def is_asked_for(span: FailingRecord, answer: FailingRecord) -> bool:
    """Whether a tool call failed because of a malformed call in the answer, which then is the primary failure."""
    if span.start_time_unix_nano < answer.start_time_unix_nano:
        return False
    match = ASKED.search(answer.message)
    tool = match[1] if match else answer.message
    is_unreadable = (
        answer.error_type == "malformed_arguments" and "JSON" in f"{span.error_type} {span.message}"
    )
    is_same = span.message == answer.message
    return is_same or tool in (span.tool, span.message) or f"'{tool}'" in span.message or is_unreadable


def outer(
    span: FailingRecord, hard: Mapping[bytes, FailingRecord], parents: Mapping[tuple[bytes, bytes], bytes]
) -> list[FailingRecord]:
    """Return the failing spans around this one, nearest first; there may be spans between them that did not fail."""
    chain: list[FailingRecord] = []
    path_ids = {span.span_id}
    ancestor_id = span.parent_span_id
    while ancestor_id and ancestor_id not in path_ids and len(path_ids) < MAX_CLIMB:
        path_ids.add(ancestor_id)
        if ancestor_id in hard:
            chain.append(hard[ancestor_id])
        ancestor_id = parents.get((span.trace_id, ancestor_id))
    return chain
