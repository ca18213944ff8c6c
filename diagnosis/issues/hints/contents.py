"""
The contents of records as far as hints compare them: which records have a value, counted in their stored bytes.

An attribute is looked for as its encoded bytes, which takes a hundredth of the time that parsing the span takes; where
a span may name it more than once, the span is parsed. Long spans are kept without their long values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from diagnosis.issues.hints.facts import LONGEST, FactReader, RecordFacts
from diagnosis.issues.hints.hint import Value
from diagnosis.issues.hints.population import PopulationRecord
from diagnosis.window.traffic import ServiceOperation
from telemetry.otlp.attribute_pairs import attributes_of
from telemetry.otlp.shallow_messages import ShallowSpan
from telemetry.otlp.values import plain_attributes
from telemetry.reads.record_parts import origin_messages, shared_origin, stored_spans

A_READ = 500  # records whose whole spans are in memory
LONG = 8 * 1024  # bytes of a span that is kept without its long values
INT64 = range(-(2**63), 2**63)


class RecordContents:
    """Records with their facts; each is known by its number here. Those that cannot be read are left out."""

    def __init__(self, rows: Iterable[PopulationRecord]) -> None:
        distinct = {row.key: row for row in rows}
        by_segment = sorted(distinct.items(), key=lambda item: (item[1].segment_id, item[1].position))
        spans = short_spans([row for _, row in by_segment])
        readable = [(*item, span) for item, span in zip(by_segment, spans, strict=True) if span is not None]
        self.rows: list[PopulationRecord] = [row for _, row, _ in readable]
        self.spans: list[bytes] = [span for _, _, span in readable]
        self.keys: list[bytes] = [key for key, _, _ in readable]
        self.numbers = {key: number for number, key in enumerate(self.keys)}
        self.at: dict[tuple[str, str], list[int]] = defaultdict(list)  # by service and operation
        for number, row in enumerate(self.rows):
            self.at[row.service, row.operation].append(number)
        self._reader = FactReader()
        self.resources = resource_facts(self.rows, self._reader)
        self._facts: dict[int, RecordFacts] = {}
        self._having: dict[tuple[ServiceOperation, Value], frozenset[int]] = {}

    def facts(self, number: int) -> RecordFacts:
        """The facts of the record."""
        if number not in self._facts:
            own = self._reader.facts_of(span_attributes(self.spans[number]))
            self._facts[number] = {**self.resources[self.rows[number].resource_id], **own}
        return self._facts[number]

    def having_all(self, place: ServiceOperation, values: tuple[Value, ...]) -> frozenset[int]:
        """The records of the operation with all of these values."""
        sets = [self.having(place, value) for value in values]
        return frozenset.intersection(*sets)

    def having(self, place: ServiceOperation, value: Value) -> frozenset[int]:
        """The records of the operation with this value, or, for None, without the attribute."""
        if (place, value) not in self._having:
            numbers, (name, text) = self.at.get(place, []), value
            found = self.without(numbers, name) if text is None else self.with_text(numbers, name, text)
            self._having[place, value] = frozenset(found)
        return self._having[place, value]

    def without(self, numbers: Sequence[int], name: str) -> Iterator[int]:
        """Those of the records that do not have the attribute."""
        key = KeyValue(key=name).SerializeToString()
        for number in numbers:
            if name in self.resources[self.rows[number].resource_id]:
                continue
            # Bytes of the key may be those of an event's attribute.
            if key not in self.spans[number] or name not in self.facts(number):
                yield number

    def with_text(self, numbers: Sequence[int], name: str, text: str) -> Iterator[int]:
        """Those of the records whose attribute has this text."""
        key = KeyValue(key=name).SerializeToString()
        encoded = encoded_attributes(name, text)
        of_resource = {place for place, facts in self.resources.items() if facts.get(name) == text}
        for number in numbers:
            span = self.spans[number]
            times = span.count(key)
            if not times:
                if self.rows[number].resource_id in of_resource:
                    yield number
            elif times > 1 or of_resource:
                if self.facts(number).get(name) == text:
                    yield number
            elif any(attribute in span for attribute in encoded):
                yield number


def encoded_attributes(name: str, text: str) -> list[bytes]:
    """The attributes of a span that have this text, encoded as fields of the span."""
    values = [AnyValue(string_value=text)]
    if text in ("True", "False"):
        values.append(AnyValue(bool_value=text == "True"))
    if text.isascii() and text.lstrip("-").isdigit() and int(text) in INT64 and str(int(text)) == text:
        values.append(AnyValue(int_value=int(text)))
    return [SpanMessage(attributes=[KeyValue(key=name, value=value)]).SerializeToString() for value in values]


def short_spans(rows: Sequence[PopulationRecord]) -> Iterator[bytes | None]:
    """The serialized span of each record, of a long one without its long values; None if it cannot be read."""
    for start in range(0, len(rows), A_READ):
        for span in stored_spans(rows[start : start + A_READ]):
            yield span if span is None or len(span) <= LONG else without_long_values(span)


def span_attributes(serialized: bytes) -> dict[str, Any]:
    """The attributes of the serialized span by key, none of bytes that are no span."""
    try:
        return attributes_of(ShallowSpan.FromString(serialized).attributes[:])
    except DecodeError:
        return {}


def parsed_span(serialized: bytes) -> SpanMessage:
    """The span of these bytes, an empty one if they are none."""
    try:
        return SpanMessage.FromString(serialized)
    except DecodeError:
        return SpanMessage()


def without_long_values(serialized: bytes) -> bytes:
    """The attributes of the span as a span of its own, with an empty value in place of each long one."""
    span = SpanMessage()
    for pair in parsed_span(serialized).attributes:
        is_long = pair.value.ByteSize() > 4 * LONGEST
        span.attributes.append(KeyValue(key=pair.key, value=AnyValue() if is_long else pair.value))
    return span.SerializeToString()


def resource_facts(rows: Iterable[PopulationRecord], reader: FactReader) -> dict[int, RecordFacts]:
    """The facts of the resources of these records, by id; none of one that cannot be read."""
    origins = origin_messages(rows)
    ids = {row.resource_id: row.scope_id for row in rows}
    resources = {
        number: shared_origin(number, scope, origins).message.resource for number, scope in ids.items()
    }
    return {
        number: reader.facts_of(plain_attributes(resource.attributes))
        for number, resource in resources.items()
    }
