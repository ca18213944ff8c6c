"""
Failures that the finish reason of a model call shows, whatever the span's status: telemetry/failures/finish_reasons.py.

One rule for the signals of all of them, so that the reason is looked up once a call.
"""

from __future__ import annotations

from telemetry.failures.finish_reasons import CUT, FAILED, FINE, MALFORMED, REFUSED, WRITTEN_FINE, ending_of
from telemetry.failures.malformed_tool_call import malformed_output
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

UNEXPLAINED = "the model stopped with an error"  # the client says no more: spans around the call may
# Of reasons that speak of a call; others of the kind are of all that the model wrote.
CALL_WORDS = ("tool", "function")


def stopped(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of a model call that did not end with a whole answer; None for other ends."""
    if meaning.finish_reason in WRITTEN_FINE:
        return None
    ending = ending_of((meaning.finish_reason, meaning.model))
    if ending.outcome == FINE:
        return None
    if ending.outcome == MALFORMED:
        # The answer may hold the call, and says more of it.
        return malformed_output(span, meaning) or unreadable(ending.reason)
    return OTHERS[ending.outcome](ending.reason)


def cut(reason: str) -> Failure:
    """Return the failure of an answer that ends too early."""
    return Failure(CUT, "low", "", f"the model stopped early: {reason}")


def failed(reason: str) -> Failure:
    """Return the failure of a call that gave no answer."""
    message = UNEXPLAINED if reason == "error" else f"the model stopped without an answer: {reason}"
    return Failure(FAILED, "medium", "", message)


def refused(reason: str) -> Failure:
    """Return the failure of a question that the model or a filter did not let be answered."""
    return Failure(REFUSED, "low", "", f"the answer was refused: {reason}")


def unreadable(reason: str) -> Failure:
    """Return the failure of a model whose call, or whose output, the provider could not read."""
    is_call = any(word in reason for word in CALL_WORDS)
    what = "asked for a call that cannot be made" if is_call else "wrote what cannot be read"
    return Failure(MALFORMED, "medium", reason, f"the model {what}: {reason}")


OTHERS = {CUT: cut, FAILED: failed, REFUSED: refused}
