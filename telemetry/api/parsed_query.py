"""The parsed parameters of a request: the window, filters and cursor of a read; the fields of a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from telemetry.api import parameters
from telemetry.api.list_cursors import sent_query, wrong_cursor
from telemetry.grouping import fingerprint
from telemetry.reads.cursors import Cursor
from telemetry.reads.filters import Filters
from telemetry.reads.present import window_until_now
from telemetry.windows import FURTHEST, MAX_MINUTES, Window, moment, unix_nano
from tenants.api.strict_fields import StrictSerializer, sent_body, valid

TIME = "Write RFC 3339 in UTC, such as 2026-01-31T12:00:00Z"
FORMS = {
    "since_minutes": f"Write whole minutes, 1 to {MAX_MINUTES} (30 days).",
    "limit": f"Write a number from 1 to {parameters.MAX_LIMIT}; for more rows, send next_cursor of the answer.",
    "until": f"{TIME}; in a query, the + of an offset is sent as %2B.",
    "shipped_at": f"{TIME}.",
    "trace_id": "Write 32 hex digits, such as 0af7651916cd43dd8448eb211c80319c.",
    "record_id": "Write rec_ and 48 hex digits: rec_0af7651916cd43dd8448eb211c80319cb7ad6b7169203331.",
    "cluster_id": f"Write it as records and issues show it, such as {fingerprint.cluster_id(1)}.",
    "cursor": "Send next_cursor of an answer of this list, unchanged; leave it out for the first page.",
}


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """The parsed query of a read."""

    window: Window
    filters: Filters
    cursor: Cursor | None
    limit: int


def parse_query(shape: type[parameters.Parameters], request: Request, now: datetime) -> ParsedQuery:
    """Return the parsed query of the request. Raises 400 that shows the right form of an invalid value."""
    values = checked_query(shape, request)
    return ParsedQuery(
        window(values, shape.default_minutes, now), filters(values), values.get("cursor"), values["limit"]
    )


def asked_window(
    request: Request, now: datetime, shape: type[parameters.Parameters] = parameters.Parameters
) -> Window:
    """Return the query's window, for answers that are not lists. Raises 400."""
    return window(checked_query(shape, request), shape.default_minutes, now)


def checked_query(shape: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the query's parameters by name. Raises 400."""
    return valid(shape(data=sent_query(request)), "Leave the parameter out, or give it a value.", FORMS)


def sent_fields(
    shape: type[StrictSerializer], request: Request, query: type[StrictSerializer] = StrictSerializer
) -> dict[str, Any]:
    """Return the body's fields by name. Raises 400, also for a query but the parameters of that shape."""
    return sent_body(shape, request, FORMS, query)


def window(values: Mapping[str, Any], default_minutes: int, now: datetime) -> Window:
    """
    Return the cursor's window, else the one that is asked for. Raises 400 if they differ.

    Without `since_minutes`, a record or trace id reaches back without end, and a session id the longest window.
    """
    if "cursor" in values:
        return window_of_cursor(values)
    until = values.get("until", now)
    if "since_minutes" in values:
        return ending(values, now, values["since_minutes"])
    if "record_id" in values or "trace_id" in values:
        # Without `until` the window has no end, since the clocks of some senders are ahead.
        return Window(0, unix_nano(until) if "until" in values else FURTHEST)
    return ending(values, now, MAX_MINUTES if "session_id" in values else default_minutes)


def ending(values: Mapping[str, Any], now: datetime, since_minutes: int) -> Window:
    """Return the window of that many minutes before `until`, or the one that ends now without it."""
    if "until" in values:
        return Window.ending(values["until"], since_minutes)
    return window_until_now(now, since_minutes)


def window_of_cursor(values: Mapping[str, Any]) -> Window:
    """Return the window of the cursor's list. Raises 400 if the query names another one."""
    kept: Window = values["cursor"].window
    is_same = (
        values.get("since_minutes", kept.since_minutes) == kept.since_minutes
        and unix_nano(values.get("until", moment(kept.end_unix_nano))) // 1000 == kept.end_unix_nano // 1000
    )
    if not is_same:
        raise wrong_cursor()
    return kept


def filters(values: Mapping[str, Any]) -> Filters:
    """Return the filters among the parameters."""
    names = {field.name for field in fields(Filters)} & values.keys()
    return Filters(**{name: values[name] for name in names})
