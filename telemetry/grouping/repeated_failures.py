"""
Failing spans that say what another one knows better: which span of a trace answers for which. From version 3 on.

A failure is charged once, to the span that knows most of it: a unit of agent work, then a class, then a text. The rules
go by the form of the spans, whichever instrumentation wrote them:

- Transport. What a model, tool or retrieval call does to reach its end has no unit of work: the request of the HTTP
  client below a failing `chat`. It is charged to the call, unless it alone knows what happened.
  https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (the call's span has the error of the operation)
- Status alone. A span that says no more than a status (`HTTP 500`, its reason phrase, its own name) names no cause.
  Around it, in the same request and service, may be a span with a class or a text: that one is charged.
  So with a model call whose client says only that the model stopped with an error, below an agent that says why.
- A model call without a model, directly inside one with a model: the client library's span of the framework's call.
  The failure is charged to the one that says which model failed.
- Mirrors of a server. Frameworks give the answer of a request a span of its own, with the same status: `http send` of
  https://github.com/open-telemetry/opentelemetry-python-contrib (ASGI), `request` of https://github.com/fastify/otel.
  They are no client calls, and say what the server's span says: the server's is charged.
- One failure, recorded side by side: two spans of a service with the same message, and the same class where both have
  one, such as those of an ORM and of its driver, or of a tool and of the model call that its exception was handed to.
  Of two calls of the same kind (two tools, two requests of one HTTP client) each is a failure of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus

from telemetry.failures.fault import is_class_name, is_generic
from telemetry.failures.stop_reasons import UNEXPLAINED
from telemetry.grouping.cause import is_common_text
from telemetry.grouping.message_template import template_of
from telemetry.grouping.told_failures import is_told
from telemetry.grouping.versions import GroupingRules
from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.operation import masked

UNITS = frozenset({"llm_call", "tool_call", "retrieval"})
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5  # span kinds
CALLED, CALLING = frozenset({SERVER, CONSUMER}), frozenset({CLIENT, PRODUCER})
MOST_STEPS = 20  # failing spans that are looked at around one
STATUS = re.compile(r"(?:HTTP )?([1-5]\d\d)")
CODES = {status.phrase.lower(): str(int(status)) for status in HTTPStatus}

Step = tuple[bytes, int]
Answering = dict[bytes, bytes]  # the id of the span that answers for another, by the other's


def final_answerer(span_id: bytes, answering: Mapping[bytes, bytes]) -> bytes:
    """Return the id of the span that is charged for this one, perhaps itself."""
    while span_id in answering:
        span_id = answering[span_id]
    return span_id


def answered_inside_out(hard: Mapping[bytes, FailingRecord], nearest: Mapping[bytes, Step]) -> Answering:
    """Return the failing spans for which one around them answers, with that one's id."""
    answering: Answering = {}
    for span in hard.values():
        is_answered = not span.unit or span.message == UNEXPLAINED
        is_nameless = span.unit == "llm_call" and not span.model
        other = named_around(span, hard, nearest) if is_nameless else None
        if other is None and is_answered:
            other = answering_around(span, hard, nearest)
        if other and final_answerer(other.span_id, answering) != span.span_id:
            answering[span.span_id] = other.span_id
    return answering


def named_around(
    span: FailingRecord, hard: Mapping[bytes, FailingRecord], nearest: Mapping[bytes, Step]
) -> FailingRecord | None:
    """Return the failing model call directly around one that names no model: it is the same call, and names one."""
    outer_id, distance = nearest.get(span.span_id, (b"", 0))
    outer = hard.get(outer_id) if distance == 1 else None
    is_named = outer and outer.unit == "llm_call" and outer.model and outer.service == span.service
    return outer if outer and is_named and names_cause(outer) else None


def answering_around(
    span: FailingRecord, hard: Mapping[bytes, FailingRecord], nearest: Mapping[bytes, Step]
) -> FailingRecord | None:
    """Return the span around this one, which has no unit of work, that answers for it; None if it is a cause itself."""
    around = list(enclosing(span, hard, nearest))
    call = None if span.kind in CALLED else first_unit(around)
    if call and (names_cause(call) or not names_cause(span)):
        return call
    if names_cause(span):
        return None
    # What a request to another service met has no class here: a class alone, of this service, would say less.
    tells_more = has_text if span.kind in CALLING else names_cause
    telling = next((other for other in around if tells_more(other)), None)
    return telling or next((other for other in around if mirrors(span, other)), None)


def enclosing(
    span: FailingRecord, hard: Mapping[bytes, FailingRecord], nearest: Mapping[bytes, Step]
) -> Iterator[FailingRecord]:
    """Yield the failing spans around this one in the same service and request, nearest first."""
    inner = span
    for _ in range(MOST_STEPS):
        outer = hard.get(nearest.get(inner.span_id, (b"", 0))[0])
        if outer is None or outer is span or outer.service != span.service:
            return
        if inner.kind in CALLED and (inner is not span or outer.kind in CALLING):
            return
        yield outer
        inner = outer


def first_unit(around: Iterable[FailingRecord]) -> FailingRecord | None:
    """Return the nearest call of a model, a tool or a retrieval with nothing but spans without a unit before it."""
    found = next((span for span in around if span.unit), None)
    return found if found and found.unit in UNITS else None


def names_cause(span: FailingRecord) -> bool:
    """Whether the span says more than a status: a class, or a text of its own."""
    error_type = span.error_type
    is_class = bool(error_type) and not error_type.isdecimal() and not is_generic(error_type)
    return is_class or has_text(span)


def has_text(span: FailingRecord) -> bool:
    """Whether the span has a message of its own, and not in its place a status, a class or its name."""
    message = span.message
    in_place = (span.error_type, span.operation)
    return (
        not status_of(span) and message not in (*in_place, UNEXPLAINED) and masked(message) != span.operation
    )


def status_of(span: FailingRecord) -> str:
    """Return the HTTP status that is all that the span's message says; "" for another message."""
    match = STATUS.fullmatch(span.message)
    return match[1] if match else CODES.get(span.message.lower(), "")


def mirrors(span: FailingRecord, server: FailingRecord) -> bool:
    """Whether a span that says only a status repeats that of the server's span around it."""
    return server.kind == SERVER and span.kind not in CALLING and status_of(span) == status_of(server) != ""


def recorded_again(primaries: Sequence[FailingRecord], rules: GroupingRules) -> Answering:
    """
    Return the innermost failing spans of a trace for which one beside them answers, with that one's id.

    Args:
        primaries: by start.
    """
    by_message: dict[tuple[str, str], list[FailingRecord]] = defaultdict(list)
    for span in primaries:
        by_message[span.service, span.message].append(span)
    answering: Answering = {}
    for alike in by_message.values():
        if len({span.fingerprint for span in alike}) > 1 and tells(alike[0].message, rules):
            for group in by_class(alike):
                answering |= answered_beside(group)
    return answering


def tells(message: str, rules: GroupingRules) -> bool:
    """Whether two spans with this message are of one failure: not if any operation may fail with it."""
    return not is_common_text(template_of(message, rules.message_forms), rules)


def by_class(alike: Sequence[FailingRecord]) -> list[list[FailingRecord]]:
    """Return these spans by class. Those without one belong to the only class, or are a group of their own."""
    groups: dict[str, list[FailingRecord]] = defaultdict(list)
    for span in alike:
        groups[class_of(span)].append(span)
    return [list(alike)] if len(groups.keys() - {""}) == 1 else list(groups.values())


def class_of(span: FailingRecord) -> str:
    """Return the class without its module; "" for a code, a status and a generic class."""
    error_type = span.error_type
    return error_type.rpartition(".")[2] if is_class_name(error_type) and not is_generic(error_type) else ""


def answered_beside(group: Sequence[FailingRecord]) -> Answering:
    """Return those of the spans with one failure for which the one answers that knows most, the first of several."""
    known = min(group, key=lambda span: (span.unit not in UNITS, is_told(span), not class_of(span)))
    return {
        span.span_id: known.span_id
        for span in group
        if span.fingerprint != known.fingerprint and not is_other_call(span, known)
    }


def is_other_call(span: FailingRecord, known: FailingRecord) -> bool:
    """Whether the span is another call of the same kind, which failed by itself."""
    if span.unit in UNITS:
        return span.unit == known.unit
    return span.kind in CALLING and span.kind == known.kind and span.scope_id == known.scope_id
