"""
The stored span that each log record joins: the one that it names or, of what tells of a call, the call inside that one.

Which call a log record tells of is in told_calls.py. Called inside store.append's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.joining_log import JoiningLog
from telemetry.store.insertion import Key, keys_stored
from telemetry.store.joined_logs.inner_calls import AskedCall, find_calls
from telemetry.store.joined_logs.told_calls import told_call
from telemetry.store.row import RecordRow


class JoiningCandidate(NamedTuple):
    """A log record that may join a stored span; `log` is None for one that waited."""

    named: Key  # the span that it names
    message: SpanMessage
    log: JoiningLog | None


class FoundTargets(NamedTuple):
    """The span that each log record joins, None for one that has to wait."""

    spans: list[Key | None]
    beyond: int  # log records whose call may be one that was not looked at, among too many


def find_targets(candidates: Sequence[JoiningCandidate], inserted: Sequence[RecordRow]) -> FoundTargets:
    """The stored span that each of these log records joins. `inserted`: the rows that came with this batch."""
    asked = [asked_call(candidate) for candidate in candidates]
    pairs = list(zip(candidates, asked, strict=True))
    stored = keys_stored({candidate.named for candidate, call in pairs if call is None})
    calls, beyond = find_calls([call for call in asked if call is not None], inserted)
    targets = [
        (candidate.named if candidate.named in stored else None) if call is None else calls.target_of(call)
        for candidate, call in pairs
    ]
    return FoundTargets(targets, beyond)


def asked_call(candidate: JoiningCandidate) -> AskedCall | None:
    """The call that the log record tells of; None for one that joins the span that it names."""
    told = told_call(candidate.message)
    if told is None:
        return None
    return AskedCall(candidate.named, told, candidate.message.end_time_unix_nano, candidate.log is None)
