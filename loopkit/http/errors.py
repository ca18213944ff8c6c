"""
Errors that name the remedy, for every app to raise.

`code` is stable and for programs, `message` says what happened, `hint` is the caller's next step;
loopkit/http/error_answers.py writes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from rest_framework import exceptions, status


class ApiError(exceptions.APIException):
    """An answer the caller can act on. `headers` go out with it (`Retry-After`, `Allow`)."""

    def __init__(
        self,
        status_code: int,
        code: str,
        message: str,
        hint: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail=message, code=code)
        self.status_code = status_code
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = dict(headers or {})


class Unavailable(ApiError):
    """A passing fault: the same request succeeds later. 503, never 500, because clients do not retry 500."""

    def __init__(self, code: str, message: str, hint: str, retry_after_seconds: int = 2) -> None:
        headers = {"Retry-After": str(retry_after_seconds)}
        super().__init__(status.HTTP_503_SERVICE_UNAVAILABLE, code, message, hint, headers)
