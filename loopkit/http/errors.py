"""
Errors that name the remedy, for every app to raise.

`code` is stable and meant for programs, `message` says what happened, `hint` is the caller's next step.
loopkit/http/error_answers.py turns these errors into responses.
"""

from __future__ import annotations

from collections.abc import Mapping

from rest_framework import exceptions, status


class ApiError(exceptions.APIException):
    """
    An error response with a remedy for the caller. `headers` are added to it (`Retry-After`, `Allow`).

    Message and hint hold nothing that a client chose, since agents follow hints: `{names}` in them stand for `values`.
    """

    def __init__(
        self,
        status_code: int,
        code: str,
        message: str,
        hint: str,
        headers: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail=message, code=code)
        self.status_code = status_code
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = dict(headers or {})
        self.values = dict(values or {})


class Unavailable(ApiError):
    """A temporary fault: the same request may succeed later. 503, not 500, because clients do not retry after 500."""

    def __init__(self, code: str, message: str, hint: str, retry_after_seconds: int = 2) -> None:
        headers = {"Retry-After": str(retry_after_seconds)}
        super().__init__(status.HTTP_503_SERVICE_UNAVAILABLE, code, message, hint, headers)
