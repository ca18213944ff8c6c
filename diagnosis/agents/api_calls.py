"""
Paths of the HTTP API, called in the same process and thread with the caller's own key.

The view checks the key, its scope and the arguments, waits for its turn and binds the project, as for any client.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlencode

import orjson
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import NoReverseMatch, resolve, reverse
from rest_framework.response import Response

from loopkit.http.errors import ApiError
from loopkit.http.links import absolute

JsonObject = dict[str, Any]


class ApiRefusal(Exception):
    """The API answered with an error: its `response`, and `error` as the body has it, with `retry_after_s`."""

    def __init__(self, response: HttpResponseBase) -> None:
        data = response.data if isinstance(response, Response) else {}
        retry = response.headers.get("Retry-After")
        self.error: JsonObject = dict(data.get("error", {})) | (
            {"retry_after_s": int(retry)} if retry else {}
        )
        self.response = response
        super().__init__(self.error.get("message", ""))


class Api:
    """The HTTP API for the key of a request."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def url_of_loop(self, loop_id: str) -> str:
        """Where a human decides about the loop."""
        return absolute(self._request, reverse("admin:diagnosis_loop_change", args=[loop_id]))

    def get(self, name: str, about: str | None = None, **query: Any) -> JsonObject:
        """The answer to a GET with those parameters that are not None. Raises as `answer` does."""
        return json_of(self.answer("GET", path_of(name, about), query=query))

    def reader(self, name: str, about: str | None = None) -> Callable[[JsonObject], JsonObject]:
        """A function of a query that does `get`."""
        return lambda query: self.get(name, about, **query)

    def post(self, name: str, about: str | None = None, **fields: Any) -> JsonObject:
        """The answer to a POST of those fields that are not None. Raises as `answer` does."""
        return json_of(self.answer("POST", path_of(name, about), body=fields))

    def text(self, name: str, about: str, **query: Any) -> str:
        """The answer to a GET of a path that answers with a text. Raises as `answer` does."""
        response = self.answer("GET", path_of(name, about), query=query)
        return bytes(response.content).decode()  # type: ignore[attr-defined]

    def answer(
        self, method: str, path: str, query: JsonObject | None = None, body: JsonObject | None = None
    ) -> HttpResponseBase:
        """The response of the path's view. Raises ApiRefusal."""
        sent = orjson.dumps(without_none(body)) if body is not None else b""
        changes = {
            "REQUEST_METHOD": method,
            "QUERY_STRING": urlencode(without_none(query or {}), errors="replace"),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": BytesIO(sent),
        }
        return self._answered(path, changes)

    def with_query(self, query: JsonObject) -> HttpResponseBase:
        """The response to the request itself with another query. Its body can be read once. Raises ApiRefusal."""
        changes = {"QUERY_STRING": urlencode(query, errors="replace")}
        if self._request.method == "HEAD":
            changes["REQUEST_METHOD"] = "GET"
        return self._answered(self._request.path_info, changes)

    def _answered(self, path: str, changes: JsonObject) -> HttpResponseBase:
        """The response of the path's view to the request with these changes of its environment. Raises ApiRefusal."""
        view, arguments, named = resolve(path)
        path_info = path.encode(errors="replace").decode("latin-1")  # as WSGI has it: PEP 3333
        environ = dict(self._request.META) | changes | {"PATH_INFO": path_info}
        response: HttpResponseBase = view(WSGIRequest(environ), *arguments, **named)
        if response.status_code >= 400:
            raise ApiRefusal(response)
        return response


def path_of(name: str, about: str | None) -> str:
    """
    The path of that name, with the id of what it is about. Raises ApiError 404 for an id that it cannot have.

    An id is never put into a path as a text: with a slash in it, it would be another path.
    """
    try:
        return unquote(reverse(name, args=[] if about is None else [about]))
    except NoReverseMatch:
        message, hint = "No such id.", "Take ids from answers, unchanged."
        raise ApiError(404, "not_found", message, hint) from None


def without_none(values: JsonObject) -> JsonObject:
    """Those of the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def json_of(response: HttpResponseBase) -> JsonObject:
    """The data of a JSON answer, as its client would read it."""
    if isinstance(response, Response):
        response.render()
    assert isinstance(response, HttpResponse)
    return dict(orjson.loads(response.content))
