"""
One connection of an OTLP client, and the judgement of every answer it gets.

A client may see success, or 503 with Retry-After and a google.rpc.Status. A connection that is cut is no answer:
the client sends again. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

CUT = "cut"  # after it was sent, perhaps stored
NOBODY = "nobody there"  # never sent
PATIENCE = 60  # seconds for one answer; the test says so if one takes longer
UNAVAILABLE = 14  # https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request."""

    answer: str  # the status, CUT or NOBODY
    seconds: float
    message: str = ""
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    wrong: str = ""  # why no client should see this

    @property
    def is_success(self) -> bool:
        """Acknowledged."""
        return self.answer == "200"


class Client:
    """Sends one request after the other; connects again when it was cut."""

    def __init__(self, port: int, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {key}"}

    def post(self, body: bytes, path: str = "/v1/traces") -> Outcome:
        """One request's outcome."""
        start = time.monotonic()
        try:
            self.connection.request("POST", path, body=body, headers=self.headers)
            response = self.connection.getresponse()
            content = response.read()
        except ConnectionRefusedError:
            return Outcome(NOBODY, 0)
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            wrong = "no answer in a minute" if isinstance(error, TimeoutError) else ""
            return Outcome(CUT, time.monotonic() - start, wrong=wrong)
        judge = JUDGES.get(response.status, unexpected)
        return judge(response, content, time.monotonic() - start)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


def success(response: http.client.HTTPResponse, content: bytes, seconds: float) -> Outcome:
    """200: what was taken and what was not; the answer to log records has the same fields."""
    partial = ExportTraceServiceResponse.FromString(content).partial_success
    accepted, duplicates = (int(response.headers[f"X-LoopKit-{name}"]) for name in ("Accepted", "Duplicates"))
    return Outcome("200", seconds, partial.error_message, accepted, partial.rejected_spans, duplicates)


def unavailable(response: http.client.HTTPResponse, content: bytes, seconds: float) -> Outcome:
    """503: right with Retry-After and a google.rpc.Status."""
    try:
        status = Status.FromString(content)
    except DecodeError:
        return Outcome("503", seconds, wrong=f"503 without a google.rpc.Status: {content[:80]!r}")
    right = status.code == UNAVAILABLE and int(response.headers.get("Retry-After", 0)) >= 1
    return Outcome("503", seconds, status.message, wrong="" if right else "503 without Retry-After")


def refused(response: http.client.HTTPResponse, content: bytes, seconds: float) -> Outcome:
    """401 and 403: final, so only a test that ends a project or its quota may see one."""
    return Outcome(str(response.status), seconds, Status.FromString(content).message)


def unexpected(response: http.client.HTTPResponse, content: bytes, seconds: float) -> Outcome:
    """Anything else loses spans."""
    return Outcome(str(response.status), seconds, wrong=f"{response.status}: {content[:200]!r}")


JUDGES: dict[int, Callable[[http.client.HTTPResponse, bytes, float], Outcome]] = {
    200: success,
    401: refused,
    403: refused,
    503: unavailable,
}
