"""
The ingestion of an OTLP request: its body is parsed, its spans are stored as records, and a receipt is returned.

    read_spans -> versions.project_rules -> normalise -> without_told_again -> segments.pack -> append

- `read_spans` removes secrets from the body in protobuf and makes plain values of it, after making protobuf of JSON,
  and of protobuf that cannot be read as it is.
- `versions.project_rules` returns the fingerprint rules of the version that was read with the key; `append` refuses a
  batch with failures if that was long ago and the project was switched meanwhile.
- `normalise` makes a row of each span: what it did, whether it failed, and its fingerprint.
  `without_told_again` leaves a tool's failure that a model was told of to the tool's record, where it has one.
  `segments.pack` compresses the spans.
- `append` stores all of it in one transaction, together with other requests that wait: records with their segments,
  traces, attributed failures, rollups, and the tallies of what was accepted and refused (telemetry/store/append.py).

Log records become spans first (telemetry/logs) and then take the same way. The view has checked the key and bound its
project. When the receipt is returned, everything is committed and synced.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime

from django.db import DatabaseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.grouping import versions
from telemetry.logs.identity import identify, joining_log
from telemetry.logs.log_spans import spans_of_logs
from telemetry.normalise import normalise
from telemetry.otlp.decode import Decoded, Encoding, decode_spans, read_export_request, refusals
from telemetry.otlp.decode_logs import read_logs_request
from telemetry.otlp.message_count import check_protobuf
from telemetry.otlp.misnamed_spans import MISNAMED
from telemetry.scrubbing.scrub import scrub, scrubbed
from telemetry.spans.context_log import context_row
from telemetry.store import segments
from telemetry.store.append import append
from telemetry.store.batch import Batch, Receipt
from telemetry.store.joined_logs import waiting
from telemetry.store.same_calls.told_calls import without_told_again
from telemetry.store.tallies import NO_LOGS, NO_SPANS, OTHER_LOGS
from telemetry.windows import unix_nano
from tenants.stores.binding import bound_project, bound_since

MOST_ROUNDS = 60  # in which all that may wait is dealt with


def ingest(body: bytes, encoding: Encoding, now: datetime, are_signals: bool = False) -> Receipt:
    """
    Store the request's spans in the bound project. `are_signals`: it is a user signal that LoopKit made.

    Raises Undecodable when the body is broken as a whole, and TooManySpans.
    """
    decoded, changes = read_spans(body, encoding, are_signals)
    misnamed = Counter({MISNAMED: changes.pop(MISNAMED, 0)})
    project = bound_project()
    rules = versions.project_rules(project)
    normalised = [normalise(span, rules) for span in decoded.spans]
    rows = without_told_again(normalised)
    parts = list(segments.pack(rows))
    batch = Batch(
        rows,
        parts,
        Counter(decoded.rejected) + misnamed,
        changes if decoded.spans or decoded.rejected or +misnamed else changes + Counter({NO_SPANS: 1}),
        project.quota_spans,
        unix_nano(now),
        rules.version,
        bound_since(),
        row_of=normalise,
    )
    return append(batch)


def read_spans(body: bytes, encoding: Encoding, are_signals: bool) -> tuple[Decoded, Counter[str]]:
    """
    The request's spans without secrets, and what was changed or is to be noted, by reason. Raises as above.

    A body in protobuf is read as it is. One that cannot be read so, or that protobuf would write in other bytes, is
    mended and written anew first, without fields that OTLP does not know.
    """
    if encoding is Encoding.PROTOBUF:
        with refusals():
            check_protobuf(body, ExportTraceServiceRequest.DESCRIPTOR)
        with suppress(DecodeError):
            wire, changes = scrubbed(body)
            return decode_spans(wire, are_signals), changes
    request, noted = read_export_request(body, encoding)
    request.DiscardUnknownFields()
    with refusals():
        wire, changes = scrubbed(request.SerializeToString())
        return decode_spans(wire, are_signals), changes + noted


def ingest_logs(body: bytes, encoding: Encoding, now: datetime) -> Receipt:
    """
    Store the log records that are events of agents or failures; others are counted, or kept where the project asks.

    Raises Undecodable when the body is broken as a whole, and TooManySpans.
    """
    project = bound_project()
    sent, noted = read_logs_request(body, encoding)
    logs = spans_of_logs(sent, with_context=project.context_log_days > 0)
    changes = noted + Counter({OTHER_LOGS: logs.others} if logs.sent else {NO_LOGS: 1})
    decoded, joining, context = (
        identified(request, changes) for request in (logs.records, logs.joining, logs.context)
    )
    rules = versions.project_rules(project)
    rows = without_told_again([normalise(span, rules) for span in decoded.spans])
    batch = Batch(
        rows,
        list(segments.pack(rows)),
        Counter(decoded.rejected + joining.rejected + context.rejected),
        changes,
        project.quota_spans,
        unix_nano(now),
        rules.version,
        bound_since(),
        [joining_log(span) for span in joining.spans],
        normalise,
        [context_row(span) for span in context.spans],
    )
    return append(batch)


def identified(request: ExportTraceServiceRequest, changes: Counter[str]) -> Decoded:
    """The spans that log records became, without secrets and with ids; adds what was changed to `changes`."""
    changes += scrub(request, request.SerializeToString())
    identify(request)
    with refusals():
        return decode_spans(request.SerializeToString())


def settle_overdue_logs(now: datetime) -> None:
    """
    Make records of the log records of the bound project that waited long enough for their span.

    Any request of spans or log records does so too. A store that cannot be written just now is left to the next one.
    """
    with suppress(DatabaseError, OSError):
        for _ in range(MOST_ROUNDS):
            deadline = waiting.first_deadline()
            if deadline is None or deadline > unix_nano(now):
                return
            append(Batch([], [], Counter(), Counter(), None, unix_nano(now), row_of=normalise))
