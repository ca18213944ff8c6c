"""The parser for JSON request bodies: one JSON object of at most MAX_BYTES."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from loopkit.http.errors import ApiError

MAX_BYTES = 1024 * 1024
BOM = b"\xef\xbb\xbf"


class JsonObjectParser(BaseParser):
    """Parses `application/json` bodies that contain one object. An empty body counts as an empty object."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The parsed object. Raises a 400 error for anything else, 413 above MAX_BYTES, 415 for a compressed body."""
        refuse_encoded((parser_context or {}).get("request"))
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ApiError(
                413, "body_too_large", f"The body is over {MAX_BYTES} bytes.", "Send a smaller body."
            )
        try:
            value = orjson.loads(raw or b"{}")
        except orjson.JSONDecodeError as error:
            refuse_other_text(raw)
            raise ParseError(f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise ParseError("The body must be a JSON object.")
        return value


def refuse_encoded(request: Request | None) -> None:
    """Raise 415 for a body with a Content-Encoding, which only the OTLP paths decode."""
    encoding = str(request.META.get("HTTP_CONTENT_ENCODING", "")).strip().lower() if request else ""
    if encoding not in {"", "identity"}:
        raise ApiError(
            415,
            "unsupported_encoding",
            "This path takes no Content-Encoding.",
            "Send the JSON uncompressed, without Content-Encoding; only the OTLP paths take gzip and deflate.",
        )


def refuse_other_text(raw: bytes) -> None:
    """Raise 400 for bytes that are not UTF-8, or are UTF-8 with a byte order mark, which JSON must not have."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        is_text = False
    else:
        is_text = b"\0" not in raw and not raw.startswith(BOM)  # UTF-16 is full of zero bytes
    if not is_text:
        raise ApiError(
            400,
            "parse_error",
            "The body is not JSON: it is not plain UTF-8.",
            "Encode the JSON as UTF-8, without a byte order mark and not compressed.",
        )
