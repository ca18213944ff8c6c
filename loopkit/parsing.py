"""The parser for JSON request bodies: one JSON object of at most MAX_BYTES."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from loopkit.http.errors import ApiError

MAX_BYTES = 1024 * 1024


class JsonObjectParser(BaseParser):
    """Parses `application/json` bodies that contain one object. An empty body counts as an empty object."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The parsed object. Raises a 400 error for anything else, 413 above MAX_BYTES."""
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ApiError(
                413, "body_too_large", f"The body is over {MAX_BYTES} bytes.", "Send a smaller body."
            )
        try:
            value = orjson.loads(raw or b"{}")
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise ParseError("The body must be a JSON object.")
        return value
