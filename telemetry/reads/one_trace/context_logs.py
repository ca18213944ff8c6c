"""
The log records that were kept as context of traces, as answers and pages show them: the first by time, each cut.

A log record whose content a damaged store cannot give is left out of what is shown, and of the count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from loopkit.http.store_fault import log_damage
from telemetry.models import ContextLog
from telemetry.otlp.values import jsonable, plain_attributes
from telemetry.spans.joining_log import SEVERITY, SEVERITY_TEXT
from telemetry.windows import rfc3339
from tenants.stores.binding import bound_project

MOST_SHOWN = 100
LONGEST_MESSAGE, LONGEST_VALUE, MOST_ATTRIBUTES = 1_000, 200, 20
COLUMNS = ("trace_id", "span_id", "time_unix_nano", "service", "content")
# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
SEVERITIES = ("trace", "debug", "info", "warn", "error", "fatal")


@dataclass(frozen=True, slots=True)
class ShownLog:
    """One log record."""

    trace_id: str
    span_id: str  # of the span that it names; "" for none
    time_unix_nano: int
    service: str
    severity: str
    name: str
    message: str
    attributes: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """The log record as JSON."""
        return {
            "trace_id": self.trace_id,
            "span_id": self.span_id or None,
            "time": rfc3339(self.time_unix_nano),
            "service": self.service,
            "severity": self.severity or None,
            "name": self.name,
            "message": self.message,
            "attributes": self.attributes,
        }


@dataclass(frozen=True, slots=True)
class ContextOfTraces:
    """The first log records by time, and how many there are."""

    logs: list[ShownLog]
    total: int

    def shown(self) -> dict[str, Any]:
        """What answers have beside the records; nothing where no log record is kept."""
        if not self.total:
            return {}
        return {"context_logs": {"total": self.total, "first": [log.shown() for log in self.logs]}}


def context_of(trace_ids: Iterable[bytes] | QuerySet[Any]) -> ContextOfTraces:
    """The log records that are kept of these traces, MOST_SHOWN of them."""
    kept = ContextLog.objects.filter(trace_id__in=trace_ids)
    rows = kept.order_by("time_unix_nano", "trace_id", "log_id").values_list(*COLUMNS)[: MOST_SHOWN + 1]
    logs = list(readable_logs(rows))
    total = kept.count() if len(rows) > MOST_SHOWN else len(logs)
    return ContextOfTraces(logs[:MOST_SHOWN], total)


def readable_logs(rows: Iterable[tuple[Any, ...]]) -> Iterator[ShownLog]:
    """Those of the log records that can be read; that others cannot is logged."""
    for trace_id, span_id, time_unix_nano, service, content in rows:
        try:
            message = SpanMessage.FromString(bytes(content))
        except (DecodeError, TypeError):
            log_damage(bound_project().project_id, "a log record")
            continue
        ids = bytes(trace_id).hex(), bytes(span_id or b"").hex()
        yield shown_log(ids, time_unix_nano, service, message)


def shown_log(ids: tuple[str, str], time_unix_nano: int, service: str, message: SpanMessage) -> ShownLog:
    """The log record, cut to what is shown of it. `ids`: of its trace and of the span that it names."""
    attributes = plain_attributes(message.attributes)
    number, text = attributes.pop(SEVERITY, 0), attributes.pop(SEVERITY_TEXT, "")
    shown = list(attributes.items())[:MOST_ATTRIBUTES]
    return ShownLog(
        *ids,
        time_unix_nano,
        service,
        cut_text(severity_name(number) or str(text), LONGEST_VALUE),
        cut_text(message.name, LONGEST_VALUE),
        cut_text(message.status.message, LONGEST_MESSAGE),
        {cut_text(name, LONGEST_VALUE): short_value(value) for name, value in shown},
    )


def severity_name(number: Any) -> str:
    """The name of a severity by its number; "" for one that is none."""
    is_known = isinstance(number, int) and 1 <= number <= 4 * len(SEVERITIES)
    return SEVERITIES[(number - 1) // 4] if is_known else ""


def short_value(value: Any) -> Any:
    """The value of an attribute; one with structure, or a long text, as the beginning of its text."""
    plain = jsonable(value)
    return (
        cut_text(plain if isinstance(plain, str) else str(plain), LONGEST_VALUE) if is_long(plain) else plain
    )


def is_long(value: Any) -> bool:
    """Whether a value is shown as a text that may be cut."""
    return isinstance(value, str | list | dict)


def cut_text(text: str, longest: int) -> str:
    """The beginning of a text."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
