"""
Answers that no tool result supports: the `unfounded_answer` signal, found in the traces of agents.

The rule is telemetry/agent_runs/unfounded_answers.py: no tool call of the run returned anything, and the answer says
that it was looked up, checked, remembered or assumed (https://arxiv.org/abs/2505.08638, TRAIL;
https://arxiv.org/abs/2503.13657, MAST, FM-3.3).
"""

from __future__ import annotations

from typing import Any

from telemetry.agent_runs import unfounded_answers
from telemetry.agent_runs.unfounded_answers import claim_line
from telemetry.signals.failed_results import reported_problem, values_under

SIGNAL = "unfounded_answer"
RUN_RULE = unfounded_answers
FIX_CATEGORY = "prompt"
EXPECTATION = "The answer claims nothing that no tool told, and says so where it found nothing out."
RESULT_FORM = "The answer as `answer`, and what the tools returned as `tool_results`, a list; [] for no call."
ABOUT = "an agent answers with claims, and no tool call of its run returned anything"
COMPARES = "visits"
IN_OUTPUT = ""


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """
    The result must have `answer` and `tool_results`, a list of what the tools returned, [] for no call.

    If one of these results is no error, any answer is fine; else the answer must claim nothing.
    """
    if problem := reported_problem(result):
        return problem
    answers = [value for value in values_under(result, ("answer",)) if isinstance(value, str)]
    lists = [value for value in values_under(result, ("tool_results",)) if isinstance(value, list)]
    if not answers or not lists:
        return "the result does not say what the answer stands on: return `answer` and `tool_results`"
    is_founded = any(value and not reported_problem(value) for results in lists for value in results)
    claim = "" if is_founded else next(filter(None, map(claim_line, answers)), "")
    return f"no tool returned anything, and the answer says: {claim}" if claim else ""
