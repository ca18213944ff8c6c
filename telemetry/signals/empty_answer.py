"""
`empty_answer`: the model ended by itself and answered nothing, neither a text nor a call of a tool.

https://docs.anthropic.com/en/api/handling-stop-reasons#empty-responses-with-end-turn
"""

from __future__ import annotations

from typing import Any

from telemetry.failures.blank_answers import holds_nothing
from telemetry.failures.empty_answer import answered_nothing, has_answer
from telemetry.signals.failed_results import reported_problem
from telemetry.signals.registry import GIVEN_BACK, IngestRule

SIGNAL = "empty_answer"
AFTER = "answer_refused"
ABOUT = "the model ended by itself and answered nothing, neither a text nor a call of a tool"
EXPECTATION = "The model answers with a text, or calls a tool."
RESULT_FORM = "The model's answer, as a text or as the provider's JSON. Nothing (None) proves nothing."
IS_SOFT = True
CAUSE = "place"
IN_ANY_OPERATION = False
FIX_CATEGORY = "model"
IN_OUTPUT = "judged"


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result that is an error, or that holds neither a text nor a call."""
    if problem := reported_problem(result):
        return problem
    return "the answer is empty" if holds_nothing(result) else ""


INGEST_RULES = (IngestRule(GIVEN_BACK, "llm_call", answered_nothing, has_answer),)
