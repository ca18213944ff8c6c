"""
The step that keeps secrets out of the store: in the request's own message, before anything is read from it.

    changed = scrub(request, wire)      # wire: the request's protobuf bytes

Whatever is stored, columns and the whole span alike, is made of the scrubbed message, so a secret is in none of them,
nor in a packet or a handoff. A value becomes `[redacted]`; its name and the rest of a text stay, and doing it twice
changes nothing. Guidance: https://opentelemetry.io/docs/security/handling-sensitive-data/; the model is the Collector's
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor

suspicion.py looks over the bytes first. A request without a trace of a secret costs that look and no more; otherwise
each span is looked at by itself, and only those that may hold one are walked.
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
from telemetry.scrubbing.names import Fate, fate, header_fate, is_count, is_secret
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.texts import MARK, redacted, redacted_headers

REDACTED_VALUE = "redacted_value"
Part = Resource | InstrumentationScope | Span
Judge = Callable[[str], Fate]


def scrub(request: ExportTraceServiceRequest, wire: bytes) -> Counter[str]:
    """Redact secrets and trim what is too large, in place; how many values each changed, by ledger reason."""
    changed: Counter[str] = Counter()
    if is_suspect(wire):
        suspects = (part for part in parts(request) if is_suspect(part.SerializeToString()))
        changed[REDACTED_VALUE] = sum(redact(part) for part in suspects)
    for part in limits.oversized(parts(request), len(wire)):
        changed += limits.trim(part)
    return +changed


def parts(request: ExportTraceServiceRequest) -> Iterator[Part]:
    """Everything in a request that has attributes of its own."""
    for group in request.resource_spans:
        yield group.resource
        for scope_group in group.scope_spans:
            yield scope_group.scope
            yield from scope_group.spans


def redact(part: Part) -> int:
    """Put MARK in the place of every secret; how many there were."""
    count = redact_pairs(part.attributes, fate)
    if not isinstance(part, Span):
        return count
    for event in part.events:
        count += redact_pairs(event.attributes, fate) + redact_field(event, "name")
    for link in part.links:
        count += redact_pairs(link.attributes, fate)
    return count + redact_field(part, "name") + redact_field(part.status, "message")


def redact_field(message: Message, field: str) -> int:
    """The same for a text that has no name."""
    text, count = redacted(getattr(message, field))
    if count:
        setattr(message, field, text)
    return count


def redact_pairs(pairs: Iterable[KeyValue], judge: Judge) -> int:
    """The same for values by name."""
    return sum(redact_value(pair.value, pair.key, judge(pair.key)) for pair in pairs)


def redact_value(value: AnyValue, name: str, what: Fate) -> int:
    """The same for one value. Of what is false or empty nothing is a secret."""
    kind = value.WhichOneof("value")
    if kind in {"string_value", "bytes_value"}:
        return redact_text(value, kind, what)
    if kind == "array_value":
        return redact_items(value.array_value.values, name, what)
    if kind == "kvlist_value":
        judges: dict[Fate, Judge] = {Fate.HEADERS: header_fate, Fate.SECRET: lambda _: Fate.SECRET}
        return redact_pairs(value.kvlist_value.values, judges.get(what, fate))
    if what is Fate.SECRET and kind in {"int_value", "double_value"} and not is_count(name, 0):
        value.string_value = MARK
        return 1
    return 0


def redact_text(value: AnyValue, kind: str, what: Fate) -> int:
    """The same for a text, or for bytes read as one."""
    sent = getattr(value, kind)
    text = sent if isinstance(sent, str) else sent.decode("latin-1")  # which has a letter for every byte
    if what is Fate.SECRET:
        text, count = MARK, int(text not in {"", MARK})
    else:
        text, count = redacted_headers(text) if what is Fate.HEADERS else redacted(text)
    if count:
        setattr(value, kind, text if isinstance(sent, str) else text.encode("latin-1"))
    return count


def redact_items(items: Iterable[AnyValue], name: str, what: Fate) -> int:
    """The same for a list; in a command line, for what follows `--password`."""
    count, before = 0, ""
    for item in items:
        is_argument = before.startswith("--") and "=" not in before and is_secret(before)
        count += redact_value(item, name, Fate.SECRET if is_argument else what)
        before = item.string_value
    return count
