"""Stores that log records and spans were sent to, for comparison: their records, and all that is counted of these."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.ingest import ingest, ingest_logs
from telemetry.models import (
    Attribution,
    DayRollup,
    DeploymentCounts,
    FailingVisit,
    HourRollup,
    Record,
    RepeatedCall,
    Rollup,
    Trace,
    VisitCount,
)
from telemetry.otlp.decode import Encoding
from telemetry.reads import record_json, totals
from telemetry.reads.record_parts import parts_of
from telemetry.store.batch import Receipt
from tenants.models import Project
from tenants.stores.binding import bind
from tests.telemetry.log_requests import RecordedRequest

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
COUNTS = (
    Attribution, DayRollup, DeploymentCounts, FailingVisit, HourRollup, RepeatedCall, Rollup, Trace, VisitCount,
)  # fmt: skip


def send(project: Project, requests: Iterable[RecordedRequest], now: datetime = NOW) -> list[Receipt]:
    """Ingest the requests in this order."""
    with bind(project):
        return [
            (ingest if one.path == "/v1/traces" else ingest_logs)(one.body, Encoding.PROTOBUF, now)
            for one in requests
        ]


def records(project: Project) -> list[dict[str, Any]]:
    """The project's records as agents read them."""
    with bind(project):
        return record_json.records_json(list(Record.objects.order_by("trace_id", "span_id")))


def counted(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of all tables that count records, without those that count nothing."""
    with bind(project):
        return {
            model.__name__: sorted(
                row for row in map(repr_of, model.objects.values()) if "'count': 0" not in str(row)
            )
            for model in COUNTS
        }


def repr_of(row: dict[str, Any]) -> tuple[str, ...]:
    """A row as texts, which can be sorted."""
    plain = {
        name: bytes(value).hex() if isinstance(value, memoryview) else value for name, value in row.items()
    }
    return tuple(sorted(f"'{name}': {value}" for name, value in plain.items()))


def tallies(project: Project) -> dict[str, int]:
    """The project's ledger by reason."""
    with bind(project):
        return totals.by_outcome()


def sent_with_events(project: Project) -> RecordedRequest:
    """The project's spans as they are stored now, as if they had been sent so."""
    request = ExportTraceServiceRequest()
    with bind(project):
        for parts in parts_of(list(Record.objects.order_by("trace_id", "span_id"))):
            assert not parts.missing
            group = request.resource_spans.add()
            group.CopyFrom(parts.origin)
            group.scope_spans[0].spans.append(parts.span)
    return RecordedRequest("/v1/traces", "application/x-protobuf", request.SerializeToString())
