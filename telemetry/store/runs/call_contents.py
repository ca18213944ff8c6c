"""The content of agents' calls that are stored, for rules over runs that need more of it than its checksums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from telemetry.agent_runs.run_call import RunCall
from telemetry.otlp.decode import read_span
from telemetry.otlp.shallow_messages import ShallowSpan
from telemetry.spans.shared_ids import is_stored_under
from telemetry.spans.span import Span, SpanOrigin
from telemetry.store.segments import serialized_spans
from telemetry.store.sql import fetch

A_STATEMENT = 200
SCOPES = "SELECT origin_id, message FROM telemetry_origin WHERE origin_id IN "


def read_spans(calls: Sequence[RunCall]) -> dict[bytes, Span]:
    """
    The spans of these calls of one trace by span id, with their scopes and without their resources.

    Those that cannot be read in a damaged store are left out.
    """
    if not calls:
        return {}
    contents, origins = serialized_spans(calls), scope_origins({call.scope_id for call in calls})
    spans: dict[bytes, Span] = {}
    for call in calls:
        content, origin = contents.get((call.segment_id, call.position)), origins.get(call.scope_id)
        span = own_span(content, call, origin) if content is not None and origin else None
        if span:
            spans[call.span_id] = span
    return spans


def own_span(content: bytes, call: RunCall, origin: SpanOrigin) -> Span | None:
    """The call's span, or None if these bytes are no span or another one."""
    try:
        message = ShallowSpan.FromString(content)
        is_own = message.trace_id == call.trace_id and is_stored_under(message, call.span_id)
        return read_span(content, origin) if is_own else None
    except DecodeError:
        return None


def scope_origins(scope_ids: Iterable[int]) -> dict[int, SpanOrigin]:
    """The scopes with these ids."""
    return {
        scope_id: SpanOrigin({}, scope.scope.name, scope.scope.version)
        for scope_id, scope in stored_scopes(sorted(scope_ids))
    }


def stored_scopes(scope_ids: Sequence[int]) -> Iterator[tuple[int, ScopeSpans]]:
    """The scopes with these ids, without those that cannot be read."""
    for start in range(0, len(scope_ids), A_STATEMENT):
        chunk = scope_ids[start : start + A_STATEMENT]
        for scope_id, content in fetch(f"{SCOPES}({', '.join(['%s'] * len(chunk))})", chunk):
            try:
                yield scope_id, ScopeSpans.FromString(bytes(content))
            except (DecodeError, TypeError):
                continue
