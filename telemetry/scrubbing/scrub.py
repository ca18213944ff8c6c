"""
The step that keeps secrets out of the store: it changes the request's own message, before anything is read from it.

    wire, changed = scrubbed(wire)      # the request's protobuf bytes

Whatever is stored, columns and the whole span alike, is made from the scrubbed message, so a secret is in none of them,
nor in a packet or a handoff. A value becomes `[redacted]`; its name and the rest of a text stay, and scrubbing again
changes nothing. Guidance: https://opentelemetry.io/docs/security/handling-sensitive-data/; the model is the Collector's
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor

suspicion.py first searches the request's bytes. If it finds nothing suspicious, no more is done; otherwise it searches
each span by itself, and only those that may hold a secret are walked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.scrubbing import limits
from telemetry.scrubbing.messages import redact, redact_field
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.work import Work

REDACTED_VALUE = "redacted_value"
Part = Resource | InstrumentationScope | Span


def scrubbed(wire: bytes) -> tuple[bytes, Counter[str]]:
    """
    A serialized request without secrets and what is too large, and the numbers of changes by ledger reason.

    Most requests are not even parsed for it. What is suspect, or may be too large, is written anew, without what the
    message does not show: parts that others of their kind replaced, and fields that OTLP does not know. Raises
    DecodeError.
    """
    has_suspects = is_suspect(wire)
    if not has_suspects and not limits.may_exceed(wire):
        return wire, Counter()
    request = ExportTraceServiceRequest.FromString(wire)
    if len(wire) > settings.LOOPKIT_MAX_VALUE_BYTES:
        request.DiscardUnknownFields()  # of any length
    changed = clean(request, len(wire), has_suspects)
    return request.SerializeToString(), changed


def scrub(request: ExportTraceServiceRequest, wire: bytes) -> Counter[str]:
    """Redact secrets and trim what is too large, in place; returns the numbers of changes by ledger reason."""
    return clean(request, len(wire), is_suspect(wire))


def clean(request: ExportTraceServiceRequest, size: int, has_suspects: bool) -> Counter[str]:
    """The same for a request of that many bytes in which something is suspect or not."""
    changed: Counter[str] = Counter()
    if has_suspects:
        work = Work(size)
        changed[REDACTED_VALUE] = redact_schema_urls(request, work)
        changed[REDACTED_VALUE] += sum(redact_part(part, work) for part in parts(request))
    for part in limits.oversized(parts(request), size):
        changed += limits.trim(part)
    changed += limits.trim_schema_urls(request)
    return +changed


def parts(request: ExportTraceServiceRequest) -> Iterator[Part]:
    """The resources, scopes and spans of a request."""
    for group in request.resource_spans:
        yield group.resource
        for scope_group in group.scope_spans:
            yield scope_group.scope
            yield from scope_group.spans


def redact_part(part: Part, work: Work) -> int:
    """
    Replace every secret in the part by MARK; returns how many there were.

    Fields that OTLP does not know could hold one, and would be stored with the rest, so a suspect part loses them.
    """
    if not is_suspect(part.SerializeToString()):
        return 0
    part.DiscardUnknownFields()
    return redact(part, work)


def redact_schema_urls(request: ExportTraceServiceRequest, work: Work) -> int:
    """Replace the secrets in the schema URLs of resources and scopes by MARK; returns how many there were."""
    count = 0
    for group in request.resource_spans:
        count += redact_field(group, "schema_url", work)
        count += sum(redact_field(scope_group, "schema_url", work) for scope_group in group.scope_spans)
    return count
