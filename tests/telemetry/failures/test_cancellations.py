"""Calls that their caller cancelled, in the words of many languages, and what only sounds like it."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.failures.cancellations import SIGNAL, is_cancellation
from telemetry.grouping.versions import NEWEST, SECOND
from telemetry.normalise import normalise
from telemetry.spans.span import Span
from tests.telemetry.span_builders import CLIENT, ERROR, INTERNAL, SERVER, exception, make_span

TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def raised(error_type: str, message: str = "", kind: int = INTERNAL) -> Span:
    return make_span(status_code=ERROR, kind=kind, events=[exception(message, error_type)])


def stated(message: str, kind: int = INTERNAL, **attributes: Any) -> Span:
    facts = {name.replace("__", "."): value for name, value in attributes.items()}
    return make_span(status_code=ERROR, status_message=message, kind=kind, attributes=facts)


def is_cancelled(span: Span) -> bool:
    judged = failure(span, conventions.read_meaning(span))
    assert judged is not None
    return is_cancellation(judged, span)


CANCELLED = {
    "fetch": raised("AbortError", "This operation was aborted", CLIENT),
    "fetch in Chrome": raised("AbortError", "signal is aborted without reason", CLIENT),
    "node-fetch": raised("AbortError", "The user aborted a request."),
    "axios": raised("CanceledError", "canceled", CLIENT),
    "axios, by its code": stated("canceled", CLIENT, error__type="ERR_CANCELED"),
    "an SDK of a model": raised("APIUserAbortError", "Request was aborted.", CLIENT),
    "asyncio": raised("asyncio.exceptions.CancelledError"),
    "trio": raised("trio.Cancelled", "Cancelled"),
    "starlette": raised("starlette.requests.ClientDisconnect", "", SERVER),
    "Go": stated("context canceled", error__type="*errors.errorString"),
    "Go, passed on": stated('Get "http://stock/7": context canceled', CLIENT, error__type="*url.Error"),
    "gRPC in Go": stated("rpc error: code = Canceled desc = context canceled", CLIENT),
    "gRPC in Node": stated("1 CANCELLED: Cancelled on client", CLIENT),
    "gRPC by its status": stated("", CLIENT, rpc__grpc__status_code=1),
    ".NET": raised("System.OperationCanceledException", "The operation was canceled."),
    ".NET, a task": raised("System.Threading.Tasks.TaskCanceledException", "A task was canceled."),
    "Kotlin": raised("kotlinx.coroutines.JobCancellationException", "StandaloneCoroutine was cancelled"),
    "Java": raised("java.util.concurrent.CancellationException"),
    "Tomcat": raised(
        "org.apache.catalina.connector.ClientAbortException", "java.io.IOException: Broken pipe", SERVER
    ),
    "tokio": stated("task 12 was cancelled"),
    "nginx": stated("", SERVER, http__response__status_code=499),
    "ASP.NET Core": raised("ConnectionResetException", "The client has disconnected", SERVER),
    "Node's server": stated("aborted", SERVER, error__type="ECONNRESET"),
}
FAILED = {
    "a time-out in JavaScript": raised("AbortError", "The operation was aborted due to timeout"),
    "AbortSignal.timeout": raised("TimeoutError", "The operation was aborted due to timeout"),
    "a time-out of .NET": raised(
        "System.Threading.Tasks.TaskCanceledException",
        "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
    ),
    "a time-out of Kotlin": raised(
        "kotlinx.coroutines.TimeoutCancellationException", "Timed out waiting for 5 ms"
    ),
    "a deadline in Go": stated("context deadline exceeded"),
    "a deadline of gRPC": stated("", CLIENT, rpc__grpc__status_code=4),
    "a conflict of gRPC": raised("google.api_core.exceptions.Aborted", "409 transaction was aborted"),
    "a statement's limit": raised(
        "psycopg.errors.QueryCanceled", "canceling statement due to statement timeout", CLIENT
    ),
    "a shutdown": raised("asyncio.CancelledError", "cancelled: the worker is shutting down"),
    "an order": raised("shop.OrderCancelledError", "order 7 was cancelled by the warehouse"),
    "a subscription": stated("subscription cancelled, cannot renew"),
    "the other end": raised("ConnectionResetError", "connection reset by peer", CLIENT),
    "an own connection": stated("client disconnected from the broker", CLIENT),
    "a closed client": raised("ClientClosedError", "The client is closed"),
    "a peer": raised(
        "RemoteProtocolError", "peer closed connection without sending complete message body", CLIENT
    ),
    "an abort of the program": raised("SystemError", "aborted"),
}


@pytest.mark.parametrize("span", CANCELLED.values(), ids=list(CANCELLED))
def test_what_the_caller_cancelled_is_told(span: Span) -> None:
    assert is_cancelled(span)


@pytest.mark.parametrize("span", FAILED.values(), ids=list(FAILED))
def test_what_only_sounds_like_it_stays_a_failure(span: Span) -> None:
    assert not is_cancelled(span)


@pytest.mark.parametrize("attributes", [{}, TOOL, CHAT])
def test_a_cancelled_call_is_stored_as_a_good_record_that_says_so(attributes: dict[str, Any]) -> None:
    row = normalise(
        make_span(attributes=attributes, status_code=ERROR, events=[exception("", "asyncio.CancelledError")]),
        NEWEST,
    )

    assert (row.signal_type, row.fingerprint, row.error_type) == (SIGNAL, None, "asyncio.CancelledError")


def test_a_project_with_older_fingerprints_keeps_its_clusters_of_them() -> None:
    row = normalise(raised("AbortError", "This operation was aborted"), SECOND)

    assert row.signal_type == "error"
    assert row.fingerprint is not None
