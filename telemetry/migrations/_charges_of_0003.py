"""
The charges that 0003_charges computes, frozen as they were when it was written: no change of the product may change
what an upgrade of an old file does. The names and the rules are those of attribution.py and charges.py of that time.

Django takes no module whose name begins with an underscore for a migration.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

MAX_SUM = (1 << 63) - 1
UNKNOWN_TOOL = "unknown_tool"
SOFT = frozenset(
    {"user_signal", "output_truncated", "malformed_output"}
)  # these do not make the spans around them fail
ASKED = re.compile(r"the (?:tool|call of) ([^\s,]+)")  # in messages of malformed.py
MOST_TOOLS = 100  # failing ones of a trace that are compared with malformed calls
MAX_CLIMB = 1000  # parents; broken clocks and ids can make a circle
MOST_RECORDS = (
    10_000  # of a trace; in a larger one, a loop that runs away, each failure is charged for itself
)
COLUMNS = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time_unix_nano",
    "service",
    "operation",
    "release",
    "model",
    "severity",
    "signal_type",
    "unit",
    "tool",
    "error_type",
    "failure_message",
    "fingerprint",
)
INSERT = """
    INSERT INTO telemetry_charge
        (trace_id, span_id, fingerprint, is_echo, start_time_unix_nano, service, operation, release, model,
         severity, message_key, session_key, user_key, trace_tokens)
    VALUES {rows}
"""
FAILED = (
    f"SELECT {', '.join(COLUMNS)} FROM telemetry_record "  # noqa: S608  (constants)
    "WHERE fingerprint IS NOT NULL AND trace_id IN "
)
PARENTS = (
    "SELECT trace_id, span_id, parent_span_id FROM telemetry_record "
    "WHERE parent_span_id IS NOT NULL AND trace_id IN "
)
Charge = tuple[Any, ...]  # the values of INSERT
Keys = tuple[int, int, int]  # of session and user, and the tokens of the trace
Parents = dict[tuple[bytes, bytes], bytes]


class Summary(NamedTuple):
    """Of a trace, as it is once a batch was merged."""

    trace_id: bytes
    session_id: str
    user_id: str
    records: int
    failures: int
    input_tokens: int
    output_tokens: int


class Failed(NamedTuple):
    """A failing record, in the order of COLUMNS."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes | None
    start_time_unix_nano: int
    service: str
    operation: str
    release: str
    model: str
    severity: str
    signal_type: str
    unit: str
    tool: str
    error_type: str
    message: str
    fingerprint: int


@dataclass(slots=True)
class Attributed:
    """A failing span that is charged, with the outer spans that repeat it."""

    cause: Failed
    echoes: list[Failed] = field(default_factory=list)


def attribute(failures: Iterable[Failed], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[Attributed]:
    """The innermost failures in their order. `parents` is needed for traces with two failing spans or more."""
    by_trace: dict[bytes, list[Failed]] = defaultdict(list)
    for failing in failures:
        by_trace[failing.trace_id].append(failing)
    return [item for spans in by_trace.values() for item in innermost(spans, parents)]


def innermost(spans: list[Failed], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[Attributed]:
    """The failing spans of one trace that have no failing descendant."""
    spans = sorted(spans, key=lambda span: (span.start_time_unix_nano, span.span_id))
    hard = {span.span_id: span for span in spans if span.signal_type not in SOFT or is_unmade(span)}
    echoes: dict[bytes, list[Failed]] = {span.span_id: outer(span, hard, parents) for span in hard.values()}
    tools = [span for span in hard.values() if span.unit == "tool_call"][:MOST_TOOLS]
    for asked in (span for span in spans if span.signal_type == "malformed_output" and not is_unmade(span)):
        failed = next((span for span in tools if is_asked_for(span, asked)), None)
        if failed:
            echoes[asked.span_id] = [failed, *echoes[failed.span_id]]
    repeated = {echo.span_id for chain in echoes.values() for echo in chain}
    return [Attributed(span, echoes.get(span.span_id, [])) for span in spans if span.span_id not in repeated]


def is_unmade(span: Failed) -> bool:
    """A tool call that failed because there is no such tool (telemetry/unknown_tool.py)."""
    return span.unit == "tool_call" and span.error_type == UNKNOWN_TOOL


def is_asked_for(span: Failed, asked: Failed) -> bool:
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


def outer(span: Failed, hard: Mapping[bytes, Failed], parents: Mapping[tuple[bytes, bytes], bytes]) -> list[Failed]:
    """The failing spans around this one, nearest first, also across spans that did not fail."""
    chain: list[Failed] = []
    seen = {span.span_id}
    current = span.parent_span_id
    while current and current not in seen and len(seen) < MAX_CLIMB:
        seen.add(current)
        if current in hard:
            chain.append(hard[current])
        current = parents.get((span.trace_id, current))
    return chain


def is_climbed(trace: Summary) -> bool:
    """Whether it matters who called whom, and the trace is not so large that reading it often holds up the store."""
    return trace.failures > 1 and trace.records <= MOST_RECORDS


def charges(trace: Summary, failed: Sequence[Failed], parents: Parents) -> Iterator[Charge]:
    """The rows for the failures of one trace. Pure."""
    told = keys(trace)
    if trace.records > MOST_RECORDS:
        yield from (charge(one, one.fingerprint, False, told) for one in failed)
        return
    attributed = attribute(failed, parents)
    yield from (charge(item.cause, item.cause.fingerprint, False, told) for item in attributed)
    echoes = {(item.cause.fingerprint, echo.span_id): echo for item in attributed for echo in item.echoes}
    yield from (charge(echo, fingerprint, True, told) for (fingerprint, _), echo in echoes.items())


def charge(one: Failed, fingerprint: int, is_echo: bool, told: Keys) -> Charge:
    """One row of the table."""
    place = one.service, one.operation, one.release, one.model, one.severity
    return (
        one.trace_id,
        one.span_id,
        fingerprint,
        is_echo,
        one.start_time_unix_nano,
        *place,
        key(one.message),
        *told,
    )


def keys(trace: Summary) -> Keys:
    """Whose trace it is, and what it took: session, user, tokens."""
    tokens = min(trace.input_tokens + trace.output_tokens, MAX_SUM)
    return key(trace.session_id or trace.trace_id.hex()), key(trace.user_id), tokens


@lru_cache(maxsize=4096)
def key(text: str) -> int:
    """A number that stands for the text; 0 for none."""
    if not text:
        return 0
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def plain(value: Any) -> Any:
    """A value as Python has it: PostgreSQL's driver gives bytes as a view."""
    return bytes(value) if isinstance(value, memoryview) else value


def listed(trace_ids: Sequence[bytes]) -> str:
    """Placeholders for so many ids."""
    return f"({', '.join(['%s'] * len(trace_ids))})"
