"""What a request asks for: a read's window, filters and place in the list; the fields of a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from loopkit.http.error_answers import HINTS, sentence
from loopkit.http.errors import ApiError
from telemetry.api import parameters
from telemetry.grouping import fingerprint
from telemetry.reads.cursors import Cursor
from telemetry.reads.filters import Filters
from telemetry.windows import FURTHEST, MAX_MINUTES, Window, unix_nano

TIME = "Write RFC 3339 in UTC, such as 2026-01-31T12:00:00Z"
FORMS = {
    "since_minutes": f"Write whole minutes, 1 to {MAX_MINUTES} (30 days).",
    "limit": f"Write a number from 1 to {parameters.MAX_LIMIT}; next_cursor of the answer leads on.",
    "until": f"{TIME}; in a query, the + of an offset is sent as %2B.",
    "shipped_at": f"{TIME}.",
    "trace_id": "Write 32 hex digits, such as 0af7651916cd43dd8448eb211c80319c.",
    "record_id": "Write rec_ and 48 hex digits: rec_0af7651916cd43dd8448eb211c80319cb7ad6b7169203331.",
    "cluster_id": f"Write it as records and issues show it, such as {fingerprint.cluster_id(1)}.",
    "cursor": "Send next_cursor of an answer of this list, unchanged; without a cursor the list begins anew.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a read is to answer."""

    window: Window
    filters: Filters
    cursor: Cursor | None
    limit: int


def asked(shape: type[parameters.Parameters], request: Request, now: datetime) -> Asked:
    """What the request asks for. 400 that shows the right form for what cannot be."""
    values = checked(shape, request)
    return Asked(
        window(values, shape.default_minutes, now), filters(values), values.get("cursor"), values["limit"]
    )


def asked_window(request: Request, now: datetime) -> Window:
    """The window alone, for answers that are not lists."""
    shape = parameters.Parameters
    return window(checked(shape, request), shape.default_minutes, now)


def checked(shape: type[parameters.Declared], request: Request) -> dict[str, Any]:
    """The query's parameters by name, or 400."""
    return valid(shape(data=request.query_params.dict()), "Leave the parameter out, or give it a value.")


def sent(shape: type[parameters.Declared], request: Request) -> dict[str, Any]:
    """The body's fields by name, or 400; a query that would be ignored is one too."""
    serializer = shape(data=request.data)
    for name in request.query_params:
        raise parameters.unknown(name, f"This path takes {', '.join(serializer.fields)}, in the body.")
    return valid(serializer, HINTS["invalid"])


def valid(serializer: parameters.Declared, otherwise: str) -> dict[str, Any]:
    """The values by name, or 400."""
    if not serializer.is_valid():
        raise invalid(serializer, otherwise)
    return dict(serializer.validated_data)


def window(values: Mapping[str, Any], default_minutes: int, now: datetime) -> Window:
    """The cursor's window, or the one that is asked for: an id alone names its records wherever they lie."""
    if "cursor" in values:
        pinned: Window = values["cursor"].window
        return pinned
    until = values.get("until", now)
    if "since_minutes" in values:
        return Window.ending(until, values["since_minutes"])
    if "record_id" in values or "trace_id" in values:
        return Window(0, unix_nano(until) if "until" in values else FURTHEST)  # some clocks are ahead
    return Window.ending(until, MAX_MINUTES if "session_id" in values else default_minutes)


def filters(values: Mapping[str, Any]) -> Filters:
    """What records must have."""
    names = {field.name for field in fields(Filters)} & values.keys()
    return Filters(**{name: values[name] for name in names})


def invalid(serializer: parameters.Declared, otherwise: str) -> ApiError:
    """400: the message names what is wrong, the hint shows the form of the first."""
    errors = serializer.errors
    name = next(iter(errors))
    field = serializer.fields.get(name)
    hint = FORMS.get(name, otherwise)
    if isinstance(field, serializers.ChoiceField):
        given = serializer.initial_data.get(name)
        near = parameters.nearest(given, field.choices) if given and isinstance(given, str) else ""
        hint = f"{near} Write one of: {', '.join(field.choices)}.".strip()
    return ApiError(400, "invalid", sentence(errors), hint)
