"""One span as the row that is stored: its meaning, its failure, its cluster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from telemetry import conventions
from telemetry.classify import failure
from telemetry.fingerprint import fingerprint
from telemetry.meaning import Failure, Meaning
from telemetry.operation import operation
from telemetry.span import Span

MAX_TEXT = 500  # characters of a column; the span itself stays whole in `message`


@dataclass(frozen=True, slots=True)
class Row:
    """A span and what was understood of it."""

    span: Span
    meaning: Meaning
    operation: str
    failure: Failure | None
    fingerprint: int | None
    resource_id: int
    scope_id: int


def normalise(span: Span) -> Row:
    """The row of a span. A pure function: the same span gives the same row."""
    meaning = conventions.read(span)
    work = operation(span, meaning)
    fault = failure(span, meaning)
    cluster = fingerprint(span.origin.service, work, fault) if fault else None
    origin = span.origin
    ids = origin_id(origin.resource_message), origin_id(origin.scope_message)
    return Row(span, meaning, work, fault, cluster, *ids)


@lru_cache(maxsize=16)  # a batch has few; what a sender calls its resource may be large
def origin_id(message: bytes) -> int:
    """A signed 64-bit name for what a resource or a scope says."""
    return int.from_bytes(blake2b(message, digest_size=8).digest(), "big", signed=True)


def text(value: str) -> str:
    """A string that every database can hold and index: PostgreSQL refuses NUL, and keys over 2.7 kB."""
    return value[:MAX_TEXT].replace("\x00", "")
