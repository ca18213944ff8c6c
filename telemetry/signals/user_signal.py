"""
`user_signal`: a user was unhappy with the answer.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
"""

from __future__ import annotations

from telemetry.failures import fault
from telemetry.failures.negative_feedback import complaint, may_rate
from telemetry.signals.registry import RATED, UNITS, IngestRule
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

SIGNAL = "user_signal"
AFTER = "empty_answer"
ABOUT = "a user was unhappy with the answer"
EXPECTATION = "The answer is one that the user does not rate down."
RESULT_FORM = "The text of the answer, which a judge reads."
IS_SOFT = True
CAUSE = "none"
IN_ANY_OPERATION = False
FIX_CATEGORY = "prompt"
IN_OUTPUT = "judged"
NO_EVAL_CHECK = "Whether a user would rate an answer down is for a judge to say, not for a program."


def negative_feedback(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of an answer that a user rated down; None for others."""
    words = complaint(span)
    return Failure(SIGNAL, "low", "", fault.one_line(words)) if words else None


INGEST_RULES = tuple(IngestRule(RATED, unit, negative_feedback, may_rate) for unit in UNITS)
