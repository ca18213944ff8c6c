"""
The reasons under which spans, requests and values are in the drop ledger, each with its meaning and its remedy.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.otlp.decode import INVALID_SPAN_ID, INVALID_TRACE_ID, RESERVED_TRACE_ID
from telemetry.otlp.deep_values import MAX_DEPTH, NESTED_VALUE
from telemetry.otlp.misnamed_spans import MISNAMED
from telemetry.scrubbing.limits import MAX_ITEMS, TRIMMED_ITEM, TRIMMED_VALUE
from telemetry.scrubbing.scrub import REDACTED_VALUE
from telemetry.store import odd_times
from telemetry.store.tallies import (
    CALLS_NOT_SEARCHED,
    CONFLICT,
    CONTEXT_LOG,
    DUPLICATE,
    JOINED_TOO_OFTEN,
    LOG_JOINED,
    LOG_WITHOUT_SPAN,
    NO_LOGS,
    NO_ROOM_TO_WAIT,
    NO_SPANS,
    OTHER_LOGS,
    OVER_QUOTA,
    SHARED_ID,
    STORED,
)

INVALID_REQUEST = "invalid_request"
LOGS, METRICS = "logs_not_stored", "metrics_not_stored"


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason why something is in the ledger: what is counted, what it means, and what to do about it."""

    unit: str  # spans, requests, log records, values, items
    meaning: str
    remedy: str
    missing: str = ""  # what windows lack by it, after a number; "" for nothing


OTHER = RefusalReason(
    "spans",
    "Not stored, for the reason in its name.",
    "Correct what the name says, then send again.",
    "not stored",
)
REASONS = {
    STORED: RefusalReason("spans", "Stored.", ""),
    DUPLICATE: RefusalReason(
        "spans",
        "Sent before: the first arrival is kept.",
        "None needed after retries. If they are many, look for two exporters on one tracer provider.",
    ),
    CONFLICT: RefusalReason(
        "spans",
        "Another version of a stored span: same ids, kind, service, name and start, but not the same. The first "
        "arrival is kept; `records` has the records and the fields that differ.",
        "Send each span once, when it has ended. If two pipelines send the same spans, keep one of them.",
        "of another version than the stored one",
    ),
    SHARED_ID: RefusalReason(
        "spans",
        "Stored under a span id of its own, since another span has the one that it was sent with.",
        "None is needed for the client and the server span of a Zipkin instrumentation, which share an id. Otherwise "
        "look for processes that make the same ids, such as copies with one random seed.",
    ),
    OVER_QUOTA: RefusalReason(
        "spans", "The project's quota was used up.", "Ask the operator for more spans: /contact.json.",
        "over the quota",
    ),
    INVALID_TRACE_ID: RefusalReason(
        "spans", "The trace id is not 16 bytes, or all zero.",
        "Send `traceId` with 32 hex digits in JSON, not base64; 16 bytes in protobuf.",
        "without a valid trace id",
    ),
    INVALID_SPAN_ID: RefusalReason(
        "spans", "The span id is not 8 bytes, or all zero.",
        "Send `spanId` with 16 hex digits in JSON, not base64; 8 bytes in protobuf.",
        "without a valid span id",
    ),
    RESERVED_TRACE_ID: RefusalReason(
        "spans", "The trace id begins like those that LoopKit gives to user signals: ff7369676e616c00.",
        "Make trace ids at random, as OpenTelemetry's SDKs do. Send users' ratings to /v1/feedback.",
        "with a trace id of user signals",
    ),
    MISNAMED: RefusalReason(
        "spans",
        "JSON had spans under a name that is not OTLP's, such as resource_spans, instrumentationLibrarySpans, or spans "
        "outside of a group. The protocol has them ignored.",
        "Name the lists resourceSpans, scopeSpans and spans, and all fields as in OTLP/JSON: traceId, spanId, "
        "startTimeUnixNano. Older exporters: update them, or send protobuf.",
        "under another name than OTLP's",
    ),
    NO_SPANS: RefusalReason(
        "requests",
        "A request without any span, answered as a success.",
        "None is needed for an exporter that sends empty batches. Otherwise compare what it sends with "
        "/quickstart.md; logs and metrics have paths of their own.",
    ),
    INVALID_REQUEST: RefusalReason(
        "requests",
        "The whole request was refused: not OTLP, too large, or compressed in an unknown way.",
        "The exporter's log has the answer; send OTLP in batches of 512 spans, plain or with gzip.",
        "refused as a whole",
    ),
    LOGS: RefusalReason(
        "requests",
        "OTLP logs that an earlier version of LoopKit answered and did not store.",
        "None is needed: events of agents and failures in logs are stored now.",
    ),
    LOG_JOINED: RefusalReason(
        "log records", "Joined to the span that they name, or waiting for it. They count against the quota.",
        "None is needed.",
    ),
    LOG_WITHOUT_SPAN: RefusalReason(
        "log records",
        "Contents of a model call, whose span did not come within a day: not kept.",
        "Send the spans to the same project: OTEL_TRACES_EXPORTER=otlp, and no sampling that drops them.",
        "of calls whose spans did not come",
    ),
    NO_ROOM_TO_WAIT: RefusalReason(
        "log records",
        "Too many log records wait for their spans already: not stored.",
        "Send the spans to the same project. If they are sampled, sample log records with them.",
        "for which there was no room to wait",
    ),
    JOINED_TOO_OFTEN: RefusalReason(
        "log records",
        "The span that they name was joined, or repeated, by log records of 32 requests, or has 1,024 events, already: "
        "not stored.",
        "Send the log records of a span together: with a batching processor, as by default.",
        "of spans that were joined too often",
    ),
    CALLS_NOT_SEARCHED: RefusalReason(
        "log records",
        "They name a span around more calls than are searched for the one that they tell of: they wait for it.",
        "Send the events of a call with its span, in batches of 512, and begin a trace for each run of the agent.",
    ),
    NO_LOGS: RefusalReason(
        "requests",
        "A request to /v1/logs without any log record, answered as a success.",
        "None is needed for an exporter that sends empty batches. Otherwise name the lists resourceLogs, scopeLogs and "
        "logRecords, as in OTLP/JSON.",
    ),
    OTHER_LOGS: RefusalReason(
        "log records",
        "Neither an event of an agent or a model nor a failure: counted, and not stored.",
        "None is needed. To save the traffic, export logs of severity ERROR and above only, or none: "
        "OTEL_LOGS_EXPORTER=none. To read them beside their traces, ask the operator to keep them for some days.",
    ),
    CONTEXT_LOG: RefusalReason(
        "log records",
        "Neither an event of an agent or a model nor a failure: kept beside their trace for as many days as the "
        "project says, 1,000 of a trace at most. They count against the quota.",
        "None is needed.",
    ),
    METRICS: RefusalReason(
        "requests",
        "OTLP metrics, which LoopKit answers and does not store.",
        "Put what matters on spans; OTEL_METRICS_EXPORTER=none saves the traffic.",
    ),
    REDACTED_VALUE: RefusalReason(
        "values",
        "A secret was replaced by [redacted] before storing.",
        "Better not to send it: configure the instrumentation. A key that left its service should be changed.",
    ),
    TRIMMED_VALUE: RefusalReason(
        "values",
        "A value was longer than LOOPKIT_MAX_VALUE_BYTES and was cut; a mark at its end says how long it was.",
        "Record less of it, or ask the operator for a higher limit.",
    ),
    NESTED_VALUE: RefusalReason(
        "values",
        f"A list or object was nested deeper than {MAX_DEPTH} in a value: `...` is stored in its place.",
        "Record less of it, or as JSON in a text.",
    ),
    odd_times.AHEAD: RefusalReason(
        "spans",
        "Stored, with a start more than a minute after they came: the sender's clock is ahead. A window that ends now "
        "holds those that are up to 6 minutes ahead.",
        "Set the clock by NTP. To read these spans, send an `until` after `last_start` of `senders`.",
        "with a clock that is ahead",
    ),
    odd_times.BEHIND: RefusalReason(
        "spans",
        "Stored, with an end more than an hour before they came: the sender's clock is behind, or they were kept back.",
        "Set the clock by NTP, unless old spans are sent on purpose. `first_start` and `last_start` of `senders` say "
        "where to look: `since_minutes` and `until`.",
        "that ended long before they came, in windows of their own times",
    ),
    odd_times.ABSENT: RefusalReason(
        "spans",
        "Stored at the beginning of 1970, since they have no start and no end, or times beyond 64 bits.",
        "Send startTimeUnixNano and endTimeUnixNano, Unix nanoseconds as a decimal string in JSON.",
        "without a time",
    ),
    **{
        reason: RefusalReason(
            "spans",
            f"Stored in 1970, since their start times look like {reason.removeprefix('time_in_')}.",
            f"Send nanoseconds: multiply by {unit:,}.",
            f"with times that look like {reason.removeprefix('time_in_')}",
        )
        for reason, unit in odd_times.UNITS.items()
    },
    TRIMMED_ITEM: RefusalReason(
        "items",
        f"Attributes, events or links beyond {MAX_ITEMS} were dropped; the record's dropped counts say how many.",
        "Record fewer, or split the span.",
    ),
}  # fmt: skip
