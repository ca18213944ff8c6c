"""
Records that are counted nowhere: versions of user signals that later ones replaced (telemetry/store/ratings/joining.py)
and calls for which another record counts (telemetry/store/same_calls/counting.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from django.db.models import Exists, OuterRef

from telemetry.models import Record, RepeatedCall, ReplacedRecord
from telemetry.spans.record_ids import record_id
from telemetry.spans.signal_traces import is_signal
from telemetry.store.sql import fetch_of_ids

# A condition on records: another record stands for the same call, so that it is listed, and counted nowhere.
IS_REPEATED = Exists(RepeatedCall.objects.filter(trace_id=OuterRef("trace_id"), span_id=OuterRef("span_id")))
# A condition on records: a later version replaced it, so that it is counted and listed nowhere.
IS_REPLACED = Exists(
    ReplacedRecord.objects.filter(trace_id=OuterRef("trace_id"), span_id=OuterRef("span_id"))
)

# For statements: true of a record of the table `record` that counts.
IS_COUNTED = (
    "NOT EXISTS (SELECT 1 FROM telemetry_replacedrecord AS replaced "
    "WHERE replaced.trace_id = record.trace_id AND replaced.span_id = record.span_id) "
    "AND NOT EXISTS (SELECT 1 FROM telemetry_repeatedcall AS repeated "
    "WHERE repeated.trace_id = record.trace_id AND repeated.span_id = record.span_id)"
)
REPEATED = "SELECT trace_id, span_id, counted_span_id FROM telemetry_repeatedcall WHERE trace_id IN "


class WithIds(Protocol):
    """A record's ids."""

    @property
    def trace_id(self) -> bytes | memoryview: ...
    @property
    def span_id(self) -> bytes | memoryview: ...


def replacing(rows: Iterable[WithIds]) -> dict[str, str]:
    """The ids of the records that replaced those of these that were replaced, by the id of the replaced one."""
    signal_ids = {bytes(row.trace_id) for row in rows if is_signal(bytes(row.trace_id))}
    replaced = ReplacedRecord.objects.filter(trace_id__in=signal_ids) if signal_ids else ()
    old = {(bytes(row.trace_id), bytes(row.span_id)) for row in replaced}
    if not old:
        return {}
    stored = Record.objects.filter(trace_id__in={trace_id for trace_id, _ in old})
    keys = (
        (bytes(trace_id), bytes(span_id)) for trace_id, span_id in stored.values_list("trace_id", "span_id")
    )
    counting = {
        trace_id: record_id(trace_id, span_id) for trace_id, span_id in keys if (trace_id, span_id) not in old
    }
    return {record_id(*key): counting[key[0]] for key in sorted(old) if key[0] in counting}


def counted_instead(rows: Sequence[WithIds]) -> dict[str, str]:
    """The ids of the records that count for the same calls as these, by the id of those that do not."""
    shown = {(bytes(row.trace_id), bytes(row.span_id)) for row in rows}
    return {
        record_id(trace_id, span_id): record_id(trace_id, counted_span_id)
        for trace_id, span_id, counted_span_id in fetch_of_ids(REPEATED, (trace_id for trace_id, _ in shown))
        if (bytes(trace_id), bytes(span_id)) in shown
    }
