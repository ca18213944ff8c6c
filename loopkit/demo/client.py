"""A small HTTP client for LoopKit's API, whose errors contain the server's message and next step."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 60  # seconds


class RequestRefused(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """A successful response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        return dict(json.loads(self.body))


def post(url: str, key: str = "", data: dict[str, Any] | bytes = b"", content_type: str = "") -> DemoAnswer:
    """POST bytes, or a dict as JSON. Raises RequestRefused if the status is 300 or above."""
    parts = urlsplit(url)
    headers = {"Content-Type": content_type or "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = json.dumps(data).encode() if isinstance(data, dict) else data
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path, body, headers)
        response = connection.getresponse()
        answer = DemoAnswer(response.status, response.headers, response.read())
    finally:
        connection.close()
    if answer.status >= 300:
        raise RequestRefused(answer.status, f"POST {parts.path}: {answer.status} {explanation(answer.body)}")
    return answer


def explanation(body: bytes) -> str:
    """The message and the next step in an error response, or its first characters if it has another form."""
    try:
        document = json.loads(body)
        error = document.get("error", document)
        return " ".join(filter(None, [error.get("message"), error.get("hint")]))
    except (ValueError, AttributeError):
        return body[:200].decode(errors="replace")
