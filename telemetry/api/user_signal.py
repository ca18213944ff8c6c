"""
User signals of POST /v1/feedback as records: each is a span with one evaluation event, like those of other producers.

The span is in a trace of its own with a link to the trace it is about, because the feedback key is in public pages:
whoever finds it can add signals, but cannot change a trace, its session or its user. Reads know such traces by their
ids (telemetry/spans/signal_traces.py), and count them apart from what a session did. Signals with one feedback id are
the spans of one trace, of which the latest counts (telemetry/store/ratings/joining.py).
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.ingest import ingest
from telemetry.models import Record
from telemetry.otlp.decode import Encoding
from telemetry.reads import user_ratings
from telemetry.scrubbing.texts import redacted
from telemetry.spans.record_ids import SPAN_BYTES, record_id
from telemetry.spans.signal_traces import signal_trace_id
from telemetry.store import quota
from telemetry.store.ratings import bounds
from telemetry.windows import unix_nano
from tenants.stores.binding import bound_project

SCOPE = "loopkit.feedback"
EVENT = "gen_ai.evaluation.result"
SCORES = {"up": 1, "down": 0}


@dataclass(frozen=True, slots=True)
class UserSignal:
    """One user's signal about a session or a trace, at least one of which is given."""

    rating: str  # up or down
    comment: str = ""
    session_id: str = ""
    trace_id: str = ""  # 32 hex digits
    user_id: str = ""
    feedback_id: str = (
        ""  # the sender's own id of the signal; the latest one with it replaces the earlier ones
    )
    time: datetime | None = None  # when the user said it; None: when it arrives

    @property
    def about(self) -> str:
        """The trace or the session that it is about."""
        return self.trace_id or self.session_id

    @property
    def words(self) -> tuple[str, ...]:
        """What it says, without when."""
        return self.rating, self.comment, self.session_id, self.trace_id, self.user_id, self.feedback_id


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """The record of a signal, and what became of it."""

    record_id: str
    duplicate: bool
    replaces: str | None  # the record of the version that counted before
    replaced_by: str | None  # the record of the later version that counts
    unknown: tuple[str, ...]  # the fields whose id no trace has that arrived


class QuotaUsed(Exception):
    """The project has no room for another span."""


class SignalsUsed(QuotaUsed):
    """The project has no room for another signal, though perhaps for spans."""


class VersionsUsed(Exception):
    """The feedback id has as many versions as are kept."""


class SubjectUsed(Exception):
    """As many signals as are kept are about the trace or session."""


def take_signal(signal: UserSignal, now: datetime) -> StoredSignal:
    """
    Store the signal in the bound project. Raises QuotaUsed, and SignalsUsed once signals have their share of it,
    VersionsUsed and SubjectUsed.

    Of signals with the same feedback id the latest counts; without one, equal signals of one day are one record.
    """
    trace_id, span_id, time_unix_nano = signal_identity(signal, now)
    check_share(trace_id, span_id)
    check_bounds(signal, trace_id, span_id)
    before = latest_version(trace_id)
    request = signal_request(signal, trace_id, span_id, time_unix_nano)
    receipt = ingest(request.SerializeToString(), Encoding.PROTOBUF, now, are_signals=True)
    if receipt.rejected_total:
        check_share(trace_id, span_id)
        raise QuotaUsed
    own, counted = record_id(trace_id, span_id), str(latest_version(trace_id))
    return StoredSignal(
        own,
        duplicate=not receipt.accepted,
        replaces=str(before) if before and receipt.accepted and counted == own else None,
        replaced_by=None if counted == own else counted,
        unknown=user_ratings.unknown_ids(signal.trace_id, signal.session_id),
    )


def signal_identity(signal: UserSignal, now: datetime) -> tuple[bytes, bytes, int]:
    """The trace id, span id and time of the signal: those of the stored version if it is only sent again."""
    said_at = signal.time or now
    if not signal.feedback_id:
        digest = signal_digest(*signal.words, said_at.date().isoformat())
        return signal_trace_id(digest), digest[16:24], unix_nano(said_at)
    trace_id = signal_trace_id(signal_digest(signal.feedback_id))
    stored = latest_version(trace_id) if signal.time is None else None
    if stored and bytes(stored.span_id) == version_id(signal, stored.start_time_unix_nano):
        return trace_id, bytes(stored.span_id), stored.start_time_unix_nano
    return trace_id, version_id(signal, unix_nano(said_at)), unix_nano(said_at)


def version_id(signal: UserSignal, time_unix_nano: int) -> bytes:
    """The span id of a version that was said then."""
    return signal_digest(*signal.words, str(time_unix_nano))[:SPAN_BYTES]


def latest_version(trace_id: bytes) -> Record | None:
    """The version of the signal that counts, if any is stored."""
    rows = Record.objects.filter(trace_id=trace_id)
    return rows.order_by("-start_time_unix_nano", "-span_id").first()


def check_share(trace_id: bytes, span_id: bytes) -> None:
    """
    Raise SignalsUsed if the signal is new and others have the share that signals may take of the quota.

    What counts is the same check in the transaction that stores it (telemetry/store/quota.py); this one keeps what a
    stranger sends without end out of the ledger.
    """
    spans = bound_project().quota_spans
    if spans is None or quota.signals_room(spans) > 0:
        return
    if not Record.objects.filter(trace_id=trace_id, span_id=span_id).exists():
        raise SignalsUsed


def check_bounds(signal: UserSignal, trace_id: bytes, span_id: bytes) -> None:
    """
    Raise VersionsUsed or SubjectUsed if the signal is new and as many are kept. Signals that come at once may exceed
    that by as many as come.
    """
    has_versions = bounds.has_all_versions(trace_id)
    abouts = {signal.about, redacted(signal.about)[0]}  # it is stored without secrets
    if not has_versions and not any(bounds.has_all_signals(about, trace_id) for about in abouts):
        return
    if not Record.objects.filter(trace_id=trace_id, span_id=span_id).exists():
        raise VersionsUsed if has_versions else SubjectUsed


def signal_digest(*parts: str) -> bytes:
    """Return 32 bytes that identify these texts in this order."""
    return blake2b("\x00".join(parts).encode(), digest_size=32).digest()


def signal_request(
    signal: UserSignal, trace_id: bytes, span_id: bytes, time_unix_nano: int
) -> ExportTraceServiceRequest:
    """Return the signal as an OTLP request, so that it is ingested like any span."""
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add()
    scope_spans.scope.name = SCOPE
    span = scope_spans.spans.add(trace_id=trace_id, span_id=span_id, name="user_feedback")
    span.start_time_unix_nano = span.end_time_unix_nano = time_unix_nano
    span.attributes.extend(key_values({"session.id": signal.session_id}))
    if signal.trace_id:
        span.links.add(trace_id=bytes.fromhex(signal.trace_id))
    span.events.add(name=EVENT, time_unix_nano=time_unix_nano, attributes=key_values(evaluation(signal)))
    return request


def evaluation(signal: UserSignal) -> dict[str, str | int]:
    """Return the attributes of the signal's evaluation event."""
    return {
        "gen_ai.evaluation.name": "user_feedback",
        "gen_ai.evaluation.score.label": signal.rating,
        "gen_ai.evaluation.score.value": SCORES[signal.rating],
        "gen_ai.evaluation.explanation": signal.comment,
        "user.id": signal.user_id,
    }


def key_values(facts: Mapping[str, str | int]) -> list[KeyValue]:
    """Return the facts as OTLP attributes; empty ones are left out."""
    return [
        KeyValue(
            key=name,
            value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value),
        )
        for name, value in facts.items()
        if value != ""
    ]
