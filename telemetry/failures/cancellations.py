"""
Calls that their caller cancelled: a user presses stop, a browser closes the page, a request's context is done.

The instrumentation marks such a call as an error, but nothing is broken: cancellations that the caller meant are no
errors (https://github.com/open-telemetry/semantic-conventions/issues/3494). Whether they hurt somebody shows in how
often they happen: diagnosis/detection/rules/cancelled_call.py. A deadline that the service itself set, a time-out or a
shutdown stays a failure, also where it cancels what runs (`TaskCanceledException` of .NET's HttpClient.Timeout).

The names are of https://docs.python.org/3/library/asyncio-exceptions.html, https://dom.spec.whatwg.org/#abortsignal,
https://learn.microsoft.com/dotnet/api/system.operationcanceledexception, https://pkg.go.dev/context (`Canceled`),
https://kotlinlang.org/docs/cancellation-and-timeouts.html, https://grpc.io/docs/guides/status-codes/ (1),
https://nginx.org/en/docs/http/ngx_http_core_module.html (499), https://www.starlette.io/requests/ (ClientDisconnect).
gRPC's ABORTED and a database's QueryCanceled are none: a conflict, and a statement's own time limit.
"""

from __future__ import annotations

import re

from telemetry.failures import fault
from telemetry.spans.meaning import Failure
from telemetry.spans.span import Span

SIGNAL = "cancelled_call"
CLIENT_CLOSED_REQUEST = 499
GRPC_CANCELLED = ("1", "CANCELLED")
GRPC_STATUS = ("rpc.grpc.status_code", "rpc.response.status_code")
CALLING = frozenset({3, 4})  # span kinds: client, producer
SERVER = 2
STATUS_NAMES = frozenset({*GRPC_STATUS, "http.response.status_code", "http.status_code"})
LONGEST = 240  # characters of a message that are read: at both ends, where it says what happened, and who passes it on
LAST_NAME = re.compile(r"[.:$/\\*]")
CLASS = re.compile(
    r"(?:api|user|http|job|task|operation|request|call|async|future|coroutine|fetch|stream|context)*"
    r"(?:cancell?(?:ed|ation)|abort|client(?:disconnect|abort)(?:ed)?)(?:error|exception)?"
    r"|requestabort(?:ed)?(?:error|exception)?|eofexception|unreadableposterror|err_cancell?ed|abort_err"
)
PASSED_ON = re.compile(
    r"\bcontext cancell?ed\b|\bcode ?= ?cancell?ed\b"
)  # with the text of whoever passes it on
MESSAGE = re.compile(
    r"(?:\d+ )?cancell?ed(?:$|:| on client| by (?:the )?(?:client|caller|user))"
    r"|(?:the |this )?(?:user|(?:user )?operation|request|task(?: \d+)?|call|fetch|signal)(?: was| has been| is)?"
    r" (?:aborted|cancell?ed)(?: (?:a|the) request| without reason)?(?: by (?:the )?(?:client|caller|user))?[.!]?$"
)
# Of a span that was called, the client is its caller.
OF_CALLER = re.compile(
    r"\b(?:client|caller|downstream|browser)(?: has| was)?"
    r" (?:closed|disconnected|aborted|cancell?ed|went away|hung up)\b"
    r"|\bclosed by (?:the )?(?:client|caller|downstream)\b"
)
OWN_LIMIT = re.compile(r"time[ds]?[ _-]?out|deadline|elaps|expired|shut(?:ting)? ?down")


def is_cancellation(failed: Failure, span: Span) -> bool:
    """Whether the caller cancelled the call, and the failure says nothing else."""
    text = failed.message.lower() if len(failed.message) <= LONGEST else ends_of(failed.message).lower()
    whole = f"{failed.error_type.lower()} {text}"
    # One after the other, without a generator: most failures end here.
    is_marked = "cancel" in whole or "abort" in whole or "client" in whole or "caller" in whole
    is_marked = (
        is_marked or "closed" in whole or "499" in whole or "eofexception" in whole or "unreadable" in whole
    )
    is_marked = is_marked or "disconnect" in whole or "went away" in whole or "hung up" in whole
    if not is_marked and span.attributes.keys().isdisjoint(STATUS_NAMES):
        return False
    has_status = has_status_of_cancelled(span)
    if not is_marked and not has_status:
        return False
    name = LAST_NAME.split(failed.error_type)[-1].lower()
    if OWN_LIMIT.search(name) or OWN_LIMIT.search(text):
        return False
    return (
        has_status
        or CLASS.fullmatch(name) is not None
        or MESSAGE.match(text) is not None
        or PASSED_ON.search(text) is not None
        or (span.kind not in CALLING and OF_CALLER.search(text) is not None)
        or (span.kind == SERVER and text in ("aborted", "request aborted"))
    )


def ends_of(message: str) -> str:
    """Return the beginning and the end of a long message."""
    return f"{message[: LONGEST // 2]} {message[-LONGEST // 2 :]}"


def has_status_of_cancelled(span: Span) -> bool:
    """Whether the answer has the status that HTTP servers and gRPC have for a cancelled call."""
    if fault.http_status(span) == CLIENT_CLOSED_REQUEST:
        return True
    return any(str(span.attributes.get(name)) in GRPC_CANCELLED for name in GRPC_STATUS)
