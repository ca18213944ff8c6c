"""JSON responses, written by orjson. A view's first renderer is used whatever the request's `Accept` header says."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OrjsonRenderer(BaseRenderer):
    """Renders `application/json` in UTF-8, with datetimes as RFC 3339 and a `Z`."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The bytes of the body, empty for a response without data (204)."""
        if data is None:
            return b""
        return orjson.dumps(data, default=as_text, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def as_text(value: object) -> str:
    """The text of bytes, which only a damaged store has in a column of texts. Raises TypeError for any other value."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    raise TypeError(f"{type(value).__name__} is no JSON")


class OnlyNegotiation(BaseContentNegotiation):
    """Selects the view's first renderer, ignoring `Accept`, and the parser by Content-Type."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser for the request's Content-Type, the first one if there is no Content-Type, None if none fits."""
        if not request.content_type:
            return next(iter(parsers))
        media_type = request.content_type.split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer and its media type."""
        first = next(iter(renderers))
        return first, str(first.media_type)
