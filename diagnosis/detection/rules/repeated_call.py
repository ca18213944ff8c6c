"""
Calls that are repeated without progress: the `repeated_call` signal, found in the traces of agents.

The rule is telemetry/agent_runs/repeated_calls.py: three calls of one operation with the same arguments and the same
result, between which nothing new was called (step repetition: https://arxiv.org/abs/2503.13657, MAST, FM-1.3).
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from telemetry.agent_runs import repeated_calls
from telemetry.agent_runs.repeated_calls import THRESHOLD
from telemetry.signals.failed_results import reported_problem, values_under

SIGNAL = "repeated_call"
RUN_RULE = repeated_calls
FIX_CATEGORY = "orchestration"
EXPECTATION = "A call with the same arguments and the same result is made twice at most."
RESULT_FORM = "All calls that the agent made as `calls`, a list with the tool and the arguments of each."
ABOUT = "an agent makes the same call 3 times without progress"
COMPARES = "visits"
IN_OUTPUT = ""


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result must list the calls as `calls`, each with its arguments, and none of them THRESHOLD times or more."""
    if problem := reported_problem(result):
        return problem
    lists = [value for value in values_under(result, ("calls",)) if isinstance(value, list)]
    if not lists:
        return "the result does not say what was called: return it with `calls`"
    times = Counter(json.dumps(call, sort_keys=True) for calls in lists for call in calls)
    repeated = next((call for call, number in times.items() if number >= THRESHOLD), "")
    return f"called {THRESHOLD} times or more: {repeated}" if repeated else ""
