"""
Cursors as clients see them: each begins with a tag of the list that it continues.

A list is one path of one project, with its filters. The rows behind a place in another list are not what was asked
for, so that a cursor of another list is refused.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol, cast

import orjson
from rest_framework.request import Request

from loopkit.http.errors import ApiError
from telemetry.reads.cursors import opaque_text

CURSOR = "cursor"
# Parameters that may change from page to page. The window is compared by itself, since the cursor keeps it.
FREE = frozenset({CURSOR, "limit", "since_minutes", "until"})
TAG_BYTES = 6  # so that it is told apart from other lists, not kept secret


class Reader(Protocol):
    """Whoever an API key stands for: `request.user`."""

    @property
    def owner_id(self) -> str:
        """The project or tenant whose lists the key reads."""


def list_tag(request: Request) -> str:
    """The tag of the list that the request asks for: 8 characters."""
    filters = sorted(item for item in request.query_params.items() if item[0] not in FREE)
    reader = cast(Reader, request.user)
    asked = orjson.dumps([reader.owner_id, request.path, filters])
    return opaque_text(hashlib.sha256(asked).digest()[:TAG_BYTES])


def sent_query(request: Request) -> dict[str, str]:
    """The query's parameters by name, with the cursor as the list made it. Raises 400 for a cursor of another list."""
    query = request.query_params.dict()
    if CURSOR in query:
        tag = list_tag(request)
        if not query[CURSOR].startswith(tag):
            raise wrong_cursor()
        query[CURSOR] = query[CURSOR].removeprefix(tag)
    return query


def tagged(request: Request, cursor: str | None) -> str | None:
    """The cursor of the next page as the client gets it; None at the end of the list."""
    return list_tag(request) + cursor if cursor else None


def tagged_page(request: Request, page: dict[str, Any]) -> dict[str, Any]:
    """The page as answers show it, with its `next_cursor` tagged."""
    return page | {"next_cursor": tagged(request, page["next_cursor"])}


def wrong_cursor() -> ApiError:
    """Return the error 400 for a cursor that does not continue this list."""
    return ApiError(
        400,
        "invalid",
        "cursor: This is no next_cursor of this list.",
        "Send next_cursor of the answer before, unchanged, to the same path with the same filters, window and project; "
        "leave it out for the first page.",
    )
