"""
Failures of tools that a model was told of (telemetry/failures/told_results.py): which other failing span is the cause.

Such a failure is that of the tool's own span, where a tool of the trace failed before. Messages stay in what a model is
given, so that the same failure may be told more than once: the first counts. What a model is told after a call that
could not be made follows from that call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from telemetry.spans.failing_record import FailingRecord


def is_told(span: FailingRecord) -> bool:
    """Whether a model was told of the failure, and the call of the model itself went well."""
    return span.unit == "llm_call" and span.signal_type == "tool_call_failed"


def told_again(hard: Mapping[bytes, FailingRecord]) -> dict[bytes, bytes]:
    """Return the told failures for which another failing span answers, with that one's id. `hard`: by start."""
    last_tools: dict[str, bytes] = {}
    first_told: dict[tuple[str, int, str], bytes] = {}
    answering: dict[bytes, bytes] = {}
    for span in hard.values():
        if span.unit == "tool_call":
            last_tools[span.service] = span.span_id
        elif is_told(span):
            first = first_told.setdefault((span.service, span.fingerprint, span.message), span.span_id)
            answer = last_tools.get(span.service, first)
            if answer != span.span_id:
                answering[span.span_id] = answer
    return answering


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
