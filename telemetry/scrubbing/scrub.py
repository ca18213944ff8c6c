"""
The step that keeps secrets out of the store: it changes the request's own message, before anything is read from it.

    changed = scrub(request, wire)      # wire: the request's protobuf bytes

Whatever is stored, columns and the whole span alike, is made from the scrubbed message, so a secret is in none of them,
nor in a packet or a handoff. A value becomes `[redacted]`; its name and the rest of a text stay, and scrubbing again
changes nothing. Guidance: https://opentelemetry.io/docs/security/handling-sensitive-data/; the model is the Collector's
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor

suspicion.py first searches the request's bytes. If it finds nothing suspicious, no more is done; otherwise it searches
each span by itself, and only those that may hold a secret are walked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.scrubbing import limits
from telemetry.scrubbing.names import Disposition, disposition_of, header_disposition, is_count, is_secret
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.texts import MARK, redacted, redacted_headers

REDACTED_VALUE = "redacted_value"
Part = Resource | InstrumentationScope | Span
Judge = Callable[[str], Disposition]


def scrub(request: ExportTraceServiceRequest, wire: bytes) -> Counter[str]:
    """Redact secrets and trim what is too large, in place; returns the numbers of changes by ledger reason."""
    changed: Counter[str] = Counter()
    if is_suspect(wire):
        suspects = (part for part in parts_with_attributes(request) if is_suspect(part.SerializeToString()))
        changed[REDACTED_VALUE] = sum(redact(part) for part in suspects)
    for part in limits.oversized(parts_with_attributes(request), len(wire)):
        changed += limits.trim(part)
    return +changed


def parts_with_attributes(request: ExportTraceServiceRequest) -> Iterator[Part]:
    """The resources, scopes and spans of a request."""
    for group in request.resource_spans:
        yield group.resource
        for scope_group in group.scope_spans:
            yield scope_group.scope
            yield from scope_group.spans


def redact(part: Part) -> int:
    """Replace every secret in the part by MARK; returns how many there were."""
    count = redact_pairs(part.attributes, disposition_of)
    if not isinstance(part, Span):
        return count
    for event in part.events:
        count += redact_pairs(event.attributes, disposition_of) + redact_field(event, "name")
    for link in part.links:
        count += redact_pairs(link.attributes, disposition_of)
    return count + redact_field(part, "name") + redact_field(part.status, "message")


def redact_field(message: Message, field: str) -> int:
    """Replace the secrets in a text field by MARK; returns how many there were."""
    text, count = redacted(getattr(message, field))
    if count:
        setattr(message, field, text)
    return count


def redact_pairs(pairs: Iterable[KeyValue], judge: Judge) -> int:
    """Replace the secrets among named values by MARK, as `judge` says of each name; returns how many there were."""
    return sum(redact_value(pair.value, pair.key, judge(pair.key)) for pair in pairs)


def redact_value(value: AnyValue, name: str, treatment: Disposition) -> int:
    """Replace the secrets in one value by MARK; returns how many there were. Booleans and empty texts are none."""
    kind = value.WhichOneof("value")
    if kind in {"string_value", "bytes_value"}:
        return redact_text(value, kind, treatment)
    if kind == "array_value":
        return redact_items(value.array_value.values, name, treatment)
    if kind == "kvlist_value":
        judges: dict[Disposition, Judge] = {
            Disposition.HEADERS: header_disposition,
            Disposition.SECRET: lambda _: Disposition.SECRET,
        }
        return redact_pairs(value.kvlist_value.values, judges.get(treatment, disposition_of))
    if treatment is Disposition.SECRET and kind in {"int_value", "double_value"} and not is_count(name, 0):
        value.string_value = MARK
        return 1
    return 0


def redact_text(value: AnyValue, kind: str, treatment: Disposition) -> int:
    """Replace the secrets in a text, or in bytes read as Latin-1, by MARK; returns how many there were."""
    original = getattr(value, kind)
    # Latin-1 has a character for every byte.
    text = original if isinstance(original, str) else original.decode("latin-1")
    if treatment is Disposition.SECRET:
        text, count = MARK, int(text not in {"", MARK})
    else:
        text, count = redacted_headers(text) if treatment is Disposition.HEADERS else redacted(text)
    if count:
        setattr(value, kind, text if isinstance(original, str) else text.encode("latin-1"))
    return count


def redact_items(items: Iterable[AnyValue], name: str, treatment: Disposition) -> int:
    """Replace the secrets in a list, or in a command line as a list, by MARK; returns how many there were."""
    count, previous = 0, ""
    for item in items:
        is_argument = previous.startswith("--") and "=" not in previous and is_secret(previous)
        count += redact_value(item, name, Disposition.SECRET if is_argument else treatment)
        previous = item.string_value
    return count
