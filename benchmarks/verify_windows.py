"""
A case of the verify sets as telemetry: a window of counts, durations or quantiles becomes OTLP requests.

Counts by bucket are spread evenly over their bucket, counts without buckets over the window. Where only quantiles of
durations are known, durations are drawn evenly from the line between them, with an exponential tail above the last.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Status

Case = dict[str, Any]
Span = tuple[int, bool, float]  # start in nanoseconds from the window's own, failed, milliseconds
SPANS_A_REQUEST = 2_000
USUAL_MS = 20.0
NANO = 10**9


def spans(window: Case, latency: bool) -> list[Span]:
    """The window's spans, by time."""
    if "samples_ms" in window:
        step = window["seconds"] * NANO // max(1, len(window["samples_ms"]))
        return [(number * step, False, value) for number, value in enumerate(window["samples_ms"])]
    found: list[Span] = []
    start = 0
    for bucket in window.get("buckets") or [window]:
        found += in_bucket(bucket, start, latency)
        start += bucket["seconds"] * NANO
    return found


def in_bucket(bucket: Case, start: int, latency: bool) -> Iterator[Span]:
    """One bucket's spans, its failures spread evenly."""
    number, failed = bucket["n"], bucket["errors"]
    values = durations(bucket["latency_s"], number) if latency else [USUAL_MS] * number
    step = bucket["seconds"] * NANO // max(1, number)
    for place in range(number):
        fails = (place + 1) * failed // number > place * failed // number
        yield start + place * step, fails, values[place * 7919 % number]  # in no order of size


def durations(quantiles: dict[str, float], number: int) -> list[float]:
    """So many durations in milliseconds with these quantiles in seconds."""
    knots = [(0.0, quantiles["p50"] / 2)]
    knots += [(share / 100, quantiles[f"p{share}"]) for share in (50, 90, 95, 99)]
    return [1000 * at((place + 0.5) / number, knots) for place in range(number)]


def at(share: float, knots: list[tuple[float, float]]) -> float:
    """The quantile of a share."""
    (_, below), (_, top) = knots[-2:]
    if share > 0.99:
        return top + (top - below) * math.log(0.01 / (1 - share)) / math.log(5)
    upper = next(place for place, (known, _) in enumerate(knots) if share <= known and place)
    (left, low), (right, high) = knots[upper - 1 : upper + 1]
    return low + (high - low) * (share - left) / (right - left)


def requests(name: str, start: int, window: list[Span]) -> Iterator[bytes]:
    """The spans as export requests of one service, each a trace of its own."""
    for first in range(0, len(window), SPANS_A_REQUEST):
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add()
        group.resource.attributes.add(key="service.name").value.string_value = "shop"
        scope = group.scope_spans.add()
        for place, span in enumerate(window[first : first + SPANS_A_REQUEST], start=first):
            add(scope, hashlib.blake2b(f"{name} {place}".encode(), digest_size=24).digest(), start, span)
        yield request.SerializeToString()


def add(scope: ScopeSpans, ids: bytes, start: int, span: Span) -> None:
    """One span of a route."""
    offset, failed, ms = span
    made = scope.spans.add(trace_id=ids[:16], span_id=ids[16:], name="GET /op", kind=2)
    made.start_time_unix_nano = start + offset
    made.end_time_unix_nano = start + offset + int(ms * 1e6)
    made.attributes.add(key="http.route").value.string_value = "/op"
    if failed:
        made.status.code = Status.STATUS_CODE_ERROR
        made.status.message = "upstream failed"
