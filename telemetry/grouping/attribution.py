"""
Attribution of failing spans: the innermost one of a trace is the primary failure, the outer ones are downstream of it.

Instrumentations mark two to five spans as failed for one failure, and the outer ones only repeat the innermost, so that
one failure becomes one issue. From version 3 of fingerprints on, spans that say less than another one of the same
failure are downstream of it as well, wherever they are (repeated_failures.py). The functions read no database;
telemetry/store keeps their result up to date while the spans of a trace arrive.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from telemetry.failures.unknown_tool import UNKNOWN_TOOL
from telemetry.grouping.repeated_failures import (
    Answering,
    Step,
    answered_inside_out,
    final_answerer,
    recorded_again,
)
from telemetry.grouping.spoken_answers import SPOKEN_OF, speaks_of
from telemetry.grouping.told_failures import told_after, told_again
from telemetry.grouping.versions import NEWEST, GroupingRules
from telemetry.signals import SIGNALS
from telemetry.spans.failing_record import FailingRecord

SOFT = SIGNALS.soft  # these do not make the spans around them fail
ASKED = re.compile(r"the (?:tool|call of) ([^\s,]+)")  # the tool in the messages of malformed_tool_call.py
MOST_TOOLS = 100  # failed tool calls of a trace that are compared with malformed calls
MOST_ANSWERS = 100  # malformed calls of a trace that are compared with them
MAX_CLIMB = 1000  # parents followed from one span; wrong ids can make a circle
MOST_DOWNSTREAM = 10_000  # in a trace, counted again with each primary failure; then further ones get none


@dataclass(slots=True)
class Attributed:
    """A primary failure with its downstream failures: the outer spans that repeat it."""

    primary: FailingRecord
    downstream: list[FailingRecord] = field(default_factory=list)


def attribute(
    failures: Iterable[FailingRecord],
    parents: Mapping[tuple[bytes, bytes], bytes],
    rules: GroupingRules = NEWEST,
) -> list[Attributed]:
    """
    Return the primary failures of each trace, in the order of their start.

    Args:
        parents: the parent's span id by trace id and span id; needed for traces with two failing spans or more.
    """
    by_trace: dict[bytes, list[FailingRecord]] = defaultdict(list)
    for failing in failures:
        by_trace[failing.trace_id].append(failing)
    return [item for spans in by_trace.values() for item in innermost(spans, parents, rules)]


def innermost(
    spans: list[FailingRecord], parents: Mapping[tuple[bytes, bytes], bytes], rules: GroupingRules
) -> list[Attributed]:
    """
    Return the failing spans of one trace that have no failing descendant, each with the outer ones.

    Spans that are each other's parents have no innermost one: where no failure inside repeats them, each stands alone.
    """
    if len(spans) == 1:
        return [Attributed(spans[0])]
    spans = sorted(spans, key=lambda span: (span.start_time_unix_nano, span.span_id))
    hard = {span.span_id: span for span in spans if is_hard(span)}
    if rules.charges_who_knows_most and (spoken_ids := answers_spoken_of(spans, hard, parents)):
        hard = {span.span_id: span for span in spans if is_hard(span) or span.span_id in spoken_ids}
    causes = asked_calls(spans, hard)
    nearest, answering = links_between(hard, parents, rules)
    caused_ids = {span.span_id for span in causes.values()}
    left_out_ids = {outer_id for outer_id, _ in nearest.values()} | caused_ids | answering.keys()
    candidates = [span for span in spans if span.span_id not in left_out_ids]
    if rules.charges_who_knows_most:
        answering |= answered_by_another(hard, {span.span_id for span in candidates}, caused_ids, rules)
    primaries = [Attributed(span) for span in candidates if span.span_id not in answering]
    add_outer_failures(primaries, hard, causes, nearest)
    starts = {span.span_id for span in candidates} | caused_ids
    charged_ids = starts | enclosing_ids(starts, nearest) | answering.keys()
    circles = [Attributed(span) for span in spans if span.span_id not in charged_ids]
    charged = [*primaries, *circles]
    add_answered(charged, answering, hard, nearest)
    return charged


def answered_by_another(
    hard: Mapping[bytes, FailingRecord],
    innermost_ids: set[bytes],
    caused_ids: set[bytes],
    rules: GroupingRules,
) -> Answering:
    """Return those of the innermost spans for which another one answers, or a call that a malformed one caused."""
    spans = [span for span in hard.values() if span.span_id in innermost_ids or span.span_id in caused_ids]
    answering = recorded_again(spans, rules)
    return {span_id: other_id for span_id, other_id in answering.items() if span_id not in caused_ids}


def links_between(
    hard: Mapping[bytes, FailingRecord], parents: Mapping[tuple[bytes, bytes], bytes], rules: GroupingRules
) -> tuple[dict[bytes, Step], Answering]:
    """Return the nearest failing span around each failing one, without those for which one around them answers."""
    nearest = nearest_failing(hard, parents)
    answering = told_again(hard)
    if rules.charges_who_knows_most:
        answering |= answered_inside_out(hard, nearest)
    if not answering:
        return nearest, answering
    causes = {span_id: span for span_id, span in hard.items() if span_id not in answering}
    return nearest_failing(causes, parents), answering


def add_outer_failures(
    primaries: Iterable[Attributed],
    hard: Mapping[bytes, FailingRecord],
    causes: Mapping[bytes, FailingRecord],
    nearest: Mapping[bytes, Step],
) -> None:
    """Add to each primary failure those downstream of it, at most MOST_DOWNSTREAM in all."""
    room = MOST_DOWNSTREAM
    for item in primaries:
        span_id = item.primary.span_id
        if room > 0 and span_id in causes:
            item.downstream = [causes[span_id], *outer(causes[span_id], hard, nearest)]
        elif room > 0 and span_id in hard:
            item.downstream = outer(item.primary, hard, nearest)
        room -= len(item.downstream)


def add_answered(
    charged: Sequence[Attributed],
    answering: Answering,
    hard: Mapping[bytes, FailingRecord],
    nearest: Mapping[bytes, Step],
) -> None:
    """Add each span that another one answers for, and those around it, to the failure for which that one counts."""
    if not answering:
        return
    places: dict[bytes, Attributed] = {}
    for item in reversed(charged):
        places |= {span.span_id: item for span in item.downstream}
    places |= {item.primary.span_id: item for item in charged}
    for answered_id in answering:
        place = places.get(final_answerer(answered_id, answering))
        outer_id = answered_id
        while place and outer_id in hard and outer_id not in places:
            places[outer_id] = place
            place.downstream.append(hard[outer_id])
            outer_id, _ = nearest.get(outer_id, (b"", 0))


def enclosing_ids(inner_ids: Iterable[bytes], nearest: Mapping[bytes, Step]) -> set[bytes]:
    """Return the ids of all failing spans around these, passing each once."""
    enclosing: set[bytes] = set()
    for inner_id in inner_ids:
        outer_id, _ = nearest.get(inner_id, (b"", 0))
        while outer_id and outer_id not in enclosing:
            enclosing.add(outer_id)
            outer_id, _ = nearest.get(outer_id, (b"", 0))
    return enclosing


def asked_calls(
    spans: Iterable[FailingRecord], hard: Mapping[bytes, FailingRecord]
) -> dict[bytes, FailingRecord]:
    """
    Return the tool calls that failed because of a malformed call, by the span id of the answer with that call.

    Of a tool that does not exist, it may be a step of an agent instead.
    """
    tool_calls = [
        span for span in hard.values() if span.unit == "tool_call" or is_call_of_unknown_tool(span)
    ][:MOST_TOOLS]
    answers = [
        span for span in spans if span.signal_type == "malformed_output" and not is_call_of_unknown_tool(span)
    ][:MOST_ANSWERS]
    failed = {
        answer.span_id: tool_call
        for answer in answers
        if (tool_call := next((span for span in tool_calls if is_asked_for(span, answer)), None))
    }
    return failed | told_after(answers, hard, failed)


def nearest_failing(
    hard: Mapping[bytes, FailingRecord], parents: Mapping[tuple[bytes, bytes], bytes]
) -> dict[bytes, Step]:
    """
    Return the nearest failing span around each failing one that has one.

    The nearest one of a span that did not fail is kept for all spans below it, so that each span is passed once.
    """
    of_others: dict[bytes, Step] = {}  # the nearest failing span around one that did not fail, b"" for none
    nearest: dict[bytes, Step] = {}
    for span in hard.values():
        path: dict[bytes, None] = {}
        ancestor_id = span.parent_span_id or b""
        while (
            ancestor_id not in hard
            and ancestor_id not in of_others
            and ancestor_id
            and ancestor_id not in path
        ):
            path[ancestor_id] = None
            ancestor_id = parents.get((span.trace_id, ancestor_id), b"")
        found_id, distance = (ancestor_id, 0) if ancestor_id in hard else of_others.get(ancestor_id, (b"", 0))
        for step, passed_id in enumerate(reversed(path), 1):
            of_others[passed_id] = found_id, distance + step
        distance += len(path) + 1
        if found_id not in (b"", span.span_id) and distance < MAX_CLIMB:
            nearest[span.span_id] = found_id, distance
    return nearest


def is_hard(span: FailingRecord) -> bool:
    """Whether the spans around this one may fail because of it."""
    return span.signal_type not in SOFT or is_call_of_unknown_tool(span)


def answers_spoken_of(
    spans: Iterable[FailingRecord],
    hard: Mapping[bytes, FailingRecord],
    parents: Mapping[tuple[bytes, bytes], bytes],
) -> set[bytes]:
    """
    Return the ids of cut, refused and empty answers because of which the nearest failing span around them has failed.
    """
    soft = {span.span_id: span for span in spans if span.signal_type in SPOKEN_OF}
    nearest = nearest_failing({**hard, **soft}, parents) if soft and hard else {}
    around = {span_id: hard.get(nearest[span_id][0]) for span_id in soft if span_id in nearest}
    return {
        span_id
        for span_id, outer_span in around.items()
        if outer_span and speaks_of(outer_span, soft[span_id])
    }


def is_call_of_unknown_tool(span: FailingRecord) -> bool:
    """Whether a tool call, or a step of an agent, failed because there is no such tool (failures/unknown_tool.py)."""
    return span.unit != "llm_call" and span.error_type == UNKNOWN_TOOL


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
    span: FailingRecord, hard: Mapping[bytes, FailingRecord], nearest: Mapping[bytes, Step]
) -> list[FailingRecord]:
    """Return the failing spans around this one, nearest first; there may be spans between them that did not fail."""
    chain: list[FailingRecord] = []
    seen_ids = {span.span_id}
    outer_id, distance = nearest.get(span.span_id, (b"", 0))
    climbed = distance
    while outer_id and outer_id not in seen_ids and climbed < MAX_CLIMB:
        seen_ids.add(outer_id)
        chain.append(hard[outer_id])
        outer_id, distance = nearest.get(outer_id, (b"", 0))
        climbed += distance
    return chain
