"""Lists in pages: parameters that are checked, rows in their order, and a cursor that is an opaque offset."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from loopkit.errors import ApiError
from tenants.project_view import validated

MAX_DIGITS = 12
M = TypeVar("M", bound=Model)


def parameters(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query parameters; 400 for an unknown one."""
    known = shape().fields
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise ApiError(
            400,
            "unknown_parameter",
            f"Unknown parameter: {unknown[0]}.",
            f"This path knows {', '.join(known)}.",
        )
    return validated(shape, request.query_params.dict())


def page(rows: QuerySet[M], asked: dict[str, Any]) -> tuple[list[M], str | None]:
    """A page of the rows in their own order, and the cursor behind it."""
    start = offset(asked.get("cursor", ""))
    found = list(rows[start : start + asked["limit"] + 1])
    more = len(found) > asked["limit"]
    return found[: asked["limit"]], cursor(start + asked["limit"]) if more else None


def cursor(start: int) -> str:
    """The text of an offset."""
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def offset(text: str) -> int:
    """The offset of a cursor."""
    if not text:
        return 0
    try:
        digits = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        digits = ""
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        raise ApiError(
            400, "invalid", "cursor: not one of ours.", "Send next_cursor of the answer before, unchanged."
        )
    return int(digits)
