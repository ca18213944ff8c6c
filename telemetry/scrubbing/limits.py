"""
The limits of one span's size: longer values are cut and end in a mark, further items are dropped and counted.

OpenTelemetry's SDKs keep 128 attributes, events and links each and have no limit of length
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#span-limits); those of LoopKit stop
what would bloat a store, and let through what a model's whole context needs. The counters of dropped items are OTLP's:
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain
from typing import Any

import orjson
from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.otlp.shallow_messages import ShallowRequest, ShallowSpan
from telemetry.otlp.values import jsonable, python_value

TRIMMED_VALUE, TRIMMED_ITEM = "trimmed_value", "trimmed_item"
# Attributes of a span, an event or a link, and events and links of a span: eight times what SDKs keep.
MAX_ITEMS = 1024
BEFORE_PAIR = 4  # bytes of tag and length of an attribute, or fewer
MOST_ITEM_BYTES = 2 * MAX_ITEMS  # of a part without too many items: each takes two bytes or more
# Bytes of a resource or a scope, which every record in an answer repeats, and of one of its values.
MOST_HOLDER_BYTES, LONGEST_IN_HOLDER = 64 * 1024, 16 * 1024
ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}  # ids of other lengths say nothing
MAX_DROPPED = (1 << 32) - 1  # what OTLP's counters hold
LISTS = {
    "attributes": "dropped_attributes_count", "events": "dropped_events_count", "links": "dropped_links_count",
}  # fmt: skip


def oversized(parts: Iterable[Any], request_bytes: int) -> Iterator[Any]:
    """The spans, resources and scopes that exceed a limit. The checks are cheap, since hardly any does."""
    most_bytes = settings.LOOPKIT_MAX_VALUE_BYTES
    if request_bytes <= min(most_bytes, MOST_ITEM_BYTES):
        return
    for part in parts:
        is_span = part.__class__ is Span
        has_many = len(part.attributes) > MAX_ITEMS or (is_span and has_many_events(part))
        most = most_bytes if is_span else min(most_bytes, LONGEST_IN_HOLDER)
        if has_many or (request_bytes > most and part.ByteSize() > most):  # protobuf counts by writing it
            yield part


def may_exceed(wire: bytes) -> bool:
    """Whether a part of a serialized request exceeds a limit, or a resource or a scope may do so."""
    if len(wire) <= MOST_ITEM_BYTES:
        return False
    groups = ShallowRequest.FromString(wire).resource_spans
    scopes = [scope for group in groups for scope in group.scope_spans]
    holders = [*(group.resource for group in groups), *(scope.scope for scope in scopes)]
    spans = chain.from_iterable(scope.spans[:] for scope in scopes)
    if any(len(holder.schema_url) > LONGEST_IN_HOLDER // 4 for holder in (*groups, *scopes)):
        return True
    return any(sum(map(len, parts)) > MOST_ITEM_BYTES for parts in holders) or any(
        is_oversized(content) for content in spans if len(content) > MOST_ITEM_BYTES
    )


def is_oversized(content: bytes) -> bool:
    """Whether a serialized span, longer than MOST_ITEM_BYTES, exceeds a limit. Raises DecodeError."""
    span = ShallowSpan.FromString(content)
    inner = [*span.events, *span.links]
    if max(map(len, inner), default=0) > MOST_ITEM_BYTES and has_many_events(Span.FromString(content)):
        return True
    has_many = max(len(span.attributes), len(span.events), len(span.links)) > MAX_ITEMS
    return has_many or len(content) > settings.LOOPKIT_MAX_VALUE_BYTES


def has_many_events(span: Span) -> bool:
    """Whether the span has more than MAX_ITEMS events or links, or one of these has more attributes."""
    events, links = span.events, span.links
    if not events and not links:  # as in most spans
        return False
    is_long = len(events) > MAX_ITEMS or len(links) > MAX_ITEMS
    return is_long or any(len(item.attributes) > MAX_ITEMS for item in chain[Any](events, links))


def trim(part: Any) -> Counter[str]:
    """Drop items and cut values of the part in place; returns how many, by ledger reason."""
    changed: Counter[str] = Counter()
    changed[TRIMMED_ITEM] += drop_all(part)  # first: no event or link that is dropped is looked at
    items = [*getattr(part, "events", ()), *getattr(part, "links", ())]
    changed[TRIMMED_ITEM] += sum(map(drop_all, items))
    most = settings.LOOPKIT_MAX_VALUE_BYTES
    if not isinstance(part, Span):
        most = min(most, LONGEST_IN_HOLDER)
    for item in [part, *items]:
        changed[TRIMMED_VALUE] += sum(cut_value(pair.value, most) for pair in item.attributes)
        names = [name for name in ("name", "version", "trace_state") if hasattr(item, name)]
        changed[TRIMMED_VALUE] += sum(cut_field(item, name, most) for name in names)
        clear_wrong_ids(item)
    if isinstance(part, Span):
        changed[TRIMMED_VALUE] += cut_field(part.status, "message", most)
    else:
        changed[TRIMMED_ITEM] += shorten_holder(part)
    return changed


def trim_schema_urls(request: ExportTraceServiceRequest) -> Counter[str]:
    """Cut the schema URLs of resources and scopes in place; returns how many, by ledger reason."""
    most = min(settings.LOOPKIT_MAX_VALUE_BYTES, LONGEST_IN_HOLDER)
    groups = request.resource_spans
    holders = [*groups, *(scope for group in groups for scope in group.scope_spans)]
    return Counter({TRIMMED_VALUE: sum(cut_field(holder, "schema_url", most) for holder in holders)})


def shorten_holder(holder: Any) -> int:
    """Drop what a resource or a scope has beyond MOST_HOLDER_BYTES, from its end; returns how many attributes."""
    if holder.ByteSize() <= MOST_HOLDER_BYTES:
        return 0
    if hasattr(holder, "entity_refs"):
        holder.ClearField("entity_refs")
    sizes = accumulate(pair.ByteSize() + BEFORE_PAIR for pair in holder.attributes)
    room = MOST_HOLDER_BYTES - 2 * LONGEST_IN_HOLDER  # beside a scope's name and version
    return drop(holder, "attributes", sum(size <= room for size in sizes))


def clear_wrong_ids(item: Any) -> None:
    """Empty ids of the item that have another length than ids have, in place."""
    for name, length in ID_BYTES.items():
        if len(getattr(item, name, b"")) > length:
            item.ClearField(name)


def drop_all(item: Any) -> int:
    """Shorten every list of the item; returns how many were dropped."""
    return sum(drop(item, name) for name in LISTS if hasattr(item, name))


def drop(item: Any, name: str, most: int = MAX_ITEMS) -> int:
    """Shorten a list from its end and add to OTLP's own counter of dropped items; returns how many were dropped."""
    items = getattr(item, name)
    extra = len(items) - most
    if extra <= 0:
        return 0
    del items[most:]
    setattr(item, LISTS[name], min(getattr(item, LISTS[name]) + extra, MAX_DROPPED))
    return extra


def cut_value(value: AnyValue, most: int) -> int:
    """Shorten a value that is too long, a list or an object to the beginning of its JSON; returns 1 if cut, else 0."""
    kind = value.WhichOneof("value")
    if kind in {"string_value", "bytes_value"}:
        return cut_field(value, kind, most)
    if kind not in {"array_value", "kvlist_value"} or value.ByteSize() <= most:
        return 0
    value.string_value = orjson.dumps(jsonable(python_value(value))).decode()
    return max(cut_field(value, "string_value", most), 1)


def cut_field(message: Any, field: str, limit: int) -> int:
    """Shorten a text or bytes that are too long, with their size in a mark at the end; returns 1 if cut, else 0."""
    value = getattr(message, field)
    if len(value) * 4 <= limit:  # a character takes four bytes at most
        return 0
    data = value.encode() if isinstance(value, str) else value
    if len(data) <= limit:
        return 0
    mark = f"... [trimmed, it was {len(data)} bytes]"
    beginning = data[: max(0, limit - len(mark))]
    text = beginning.decode(errors="ignore") + mark
    setattr(message, field, text if isinstance(value, str) else beginning + mark.encode())
    return 1
