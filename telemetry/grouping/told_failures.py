"""
Failures of tools that a model was told of (telemetry/failures/told_results.py): which other failing span is the cause.

Such a failure is that of the tool's own span, where a tool of the trace failed before, or of another span that said the
same, such as an agent's step. Messages stay in what a model is
given, so that the same failure may be told more than once: the first counts. What a model is told after a call that
could not be made follows from that call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from telemetry.spans.failing_record import FailingRecord

MOST_RECORDED = 100  # failing spans that are compared with what a model was told


def is_told(span: FailingRecord) -> bool:
    """Whether a model was told of the failure, and the call of the model itself went well."""
    return span.unit == "llm_call" and span.signal_type == "tool_call_failed"


def told_again(hard: Mapping[bytes, FailingRecord]) -> dict[bytes, bytes]:
    """Return the told failures for which another failing span answers, with that one's id. `hard`: by start."""
    last_tools: dict[str, bytes] = {}
    first_told: dict[tuple[str, int, str], bytes] = {}
    recorded: list[FailingRecord] = []
    answering: dict[bytes, bytes] = {}
    for span in hard.values():
        if span.unit == "tool_call":
            last_tools[span.service] = span.span_id
        elif not is_told(span):
            recorded.append(span)
        else:
            first = first_told.setdefault((span.service, span.fingerprint, span.message), span.span_id)
            answer = last_tools.get(span.service) or said_before(span, recorded) or first
            if answer != span.span_id:
                answering[span.span_id] = answer
    return answering


def said_before(told: FailingRecord, recorded: Sequence[FailingRecord]) -> bytes:
    """Return the id of the last of these spans whose sentence the model was told; b"" without one."""
    for span in reversed(recorded[-MOST_RECORDED:]):
        if span.service == told.service and " " in span.message.strip() and span.message in told.message:
            return span.span_id
    return b""


def told_after(
    answers: Sequence[FailingRecord], hard: Mapping[bytes, FailingRecord], taken: Iterable[bytes]
) -> dict[bytes, FailingRecord]:
    """
    Return the told failure that follows from each of these malformed calls, by the span id of the answer with the call.

    Args:
        answers: by start.
        taken: of those answers that have another consequence.
    """
    left = [answer for answer in answers if answer.span_id not in set(taken)]
    told = [span for span in hard.values() if is_told(span)] if left else []
    found: dict[bytes, FailingRecord] = {}
    for answer in left:
        while told and told[0].start_time_unix_nano <= answer.start_time_unix_nano:
            told.pop(0)
        if told and told[0].service == answer.service:
            found[answer.span_id] = told.pop(0)
    return found
