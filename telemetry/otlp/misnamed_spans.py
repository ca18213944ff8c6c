"""
Spans that a JSON request holds under other names than OTLP's, so that the protocol has a receiver ignore them.

They are known by their form: an object with a trace id and a span id in any spelling, below a name that is unknown in
the request, in a resource's group or in a scope's group. So also spans of older versions of OTLP and of other protocols
are found, whatever their lists are called.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MISNAMED = "spans_under_another_name"
DEEPEST = 8  # levels of lists and objects below an unknown name
MOST_LOOKED_AT = 200_000  # values of a request; further ones are not looked at
# The known names of an object, by the name of the list that it is in.
RESOURCE_GROUP, SCOPE_GROUP = "resourceSpans", "scopeSpans"
KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({RESOURCE_GROUP}),
    RESOURCE_GROUP: frozenset({"resource", SCOPE_GROUP, "schemaUrl"}),
    SCOPE_GROUP: frozenset({"scope", "spans", "schemaUrl"}),
}


def misnamed_spans(request: Mapping[str, Any]) -> int:
    """The number of spans below unknown names of the JSON request."""
    unknown = list(unknown_values(request, "", RESOURCE_GROUP))
    for group in objects(request.get(RESOURCE_GROUP)):
        unknown += unknown_values(group, RESOURCE_GROUP, SCOPE_GROUP)
        for scope_group in objects(group.get(SCOPE_GROUP)):
            unknown += unknown_values(scope_group, SCOPE_GROUP, "spans")
    return count_spans(unknown) if unknown else 0


def unknown_values(found: Mapping[str, Any], place: str, expected: str) -> Iterator[Any]:
    """The lists and objects of an object under names that are unknown there."""
    if len(found) == 1 and expected in found:
        return
    for name, value in found.items():
        if name not in KNOWN[place] and isinstance(value, list | dict):
            yield value


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list; none of another value."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def count_spans(values: list[Any]) -> int:
    """The number of objects with the form of a span in these values, at any depth down to DEEPEST."""
    level, spans, looked_at = values, 0, 0
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return spans
            if isinstance(value, dict) and is_span(value):
                spans += 1
            else:
                below += value.values() if isinstance(value, dict) else value
        level = [value for value in below if isinstance(value, list | dict)]
    return spans


def is_span(value: Mapping[str, Any]) -> bool:
    """Whether the object has the ids of a span: links have them too, but lie inside spans."""
    names = {name.replace("_", "").lower() for name in value}
    return {"traceid", "spanid"} <= names
