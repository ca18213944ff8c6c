"""
One failure, one issue: the innermost failing span of a trace is charged, the outer ones are its echoes.

Instrumentations mark two to five spans for one failure; the outer ones only repeat what the deepest says. Pure: how
it is kept up to date while the spans of a trace arrive is charges.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from telemetry.failures.unknown_tool import ERROR_TYPE as UNKNOWN_TOOL
from telemetry.signals import SIGNALS

SOFT = SIGNALS.soft  # these do not make the spans around them fail
ASKED = re.compile(r"the (?:tool|call of) ([^\s,]+)")  # in messages of malformed_tool_call.py
MOST_TOOLS = 100  # failing ones of a trace that are compared with malformed calls
MAX_CLIMB = 1000  # parents; broken clocks and ids can make a circle


class Failing(Protocol):
    """What must be known of a failing span."""

    @property
    def trace_id(self) -> bytes: ...
    @property
    def span_id(self) -> bytes: ...
    @property
    def parent_span_id(self) -> bytes | None: ...
    @property
    def start_time_unix_nano(self) -> int: ...
    @property
    def signal_type(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def tool(self) -> str: ...
    @property
    def error_type(self) -> str: ...
    @property
    def message(self) -> str: ...


F = TypeVar("F", bound=Failing)


@dataclass(slots=True)
class Attributed(Generic[F]):
    """A failing span that is charged, with the outer spans that repeat it."""

    cause: F
    echoes: list[F] = field(default_factory=list)


def attribute(failures: Iterable[F], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[Attributed[F]]:
    """The innermost failures in their order. `parents` is needed for traces with two failing spans or more."""
    by_trace: dict[bytes, list[F]] = defaultdict(list)
    for failing in failures:
        by_trace[failing.trace_id].append(failing)
    return [item for spans in by_trace.values() for item in innermost(spans, parents)]


def innermost(spans: list[F], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[Attributed[F]]:
    """The failing spans of one trace that have no failing descendant."""
    spans = sorted(spans, key=lambda span: (span.start_time_unix_nano, span.span_id))
    hard = {span.span_id: span for span in spans if span.signal_type not in SOFT or is_unmade(span)}
    echoes: dict[bytes, list[F]] = {span.span_id: outer(span, hard, parents) for span in hard.values()}
    tools = [span for span in hard.values() if span.unit == "tool_call"][:MOST_TOOLS]
    for asked in (span for span in spans if span.signal_type == "malformed_output" and not is_unmade(span)):
        failed = next((span for span in tools if is_asked_for(span, asked)), None)
        if failed:
            echoes[asked.span_id] = [failed, *echoes[failed.span_id]]
    repeated = {echo.span_id for chain in echoes.values() for echo in chain}
    return [Attributed(span, echoes.get(span.span_id, [])) for span in spans if span.span_id not in repeated]


def is_unmade(span: Failing) -> bool:
    """A tool call that failed because there is no such tool (telemetry/failures/unknown_tool.py)."""
    return span.unit == "tool_call" and span.error_type == UNKNOWN_TOOL


def is_asked_for(span: Failing, asked: Failing) -> bool:
    """Whether a tool call failed because the model asked for what cannot be done: then the model call is charged."""
    if span.start_time_unix_nano < asked.start_time_unix_nano:
        return False
    named = ASKED.search(asked.message)
    tool = named[1] if named else asked.message
    is_unreadable = (
        asked.error_type == "malformed_arguments" and "JSON" in f"{span.error_type} {span.message}"
    )
    is_same = span.message == asked.message
    return is_same or tool in (span.tool, span.message) or f"'{tool}'" in span.message or is_unreadable


def outer(span: F, hard: Mapping[bytes, F], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[F]:
    """The failing spans around this one, nearest first, also across spans that did not fail."""
    chain: list[F] = []
    seen = {span.span_id}
    current = span.parent_span_id
    while current and current not in seen and len(seen) < MAX_CLIMB:
        seen.add(current)
        if current in hard:
            chain.append(hard[current])
        current = parents.get((span.trace_id, current))
    return chain
