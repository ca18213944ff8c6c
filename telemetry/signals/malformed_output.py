"""
`malformed_output`: the model called a tool that was not offered, or with arguments that are not JSON.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

import json
import re
from typing import Any

from telemetry.failures.malformed_tool_call import malformed_output
from telemetry.failures.stop_reasons import stopped
from telemetry.failures.unknown_tool import as_unknown_tool
from telemetry.signals.failed_results import failed_result, reported_problem, values_under
from telemetry.signals.registry import GIVEN_BACK, IngestRule

SIGNAL = "malformed_output"
AFTER = "output_truncated"
ABOUT = "the model called a tool that was not offered, or with arguments that are not JSON"
EXPECTATION = "The model calls only tools that were offered, with arguments that are JSON."
RESULT_FORM = (
    "The calls that the model asked for as `tool_calls`, each with `name` and `arguments`; [] for none."
)
IS_SOFT = True
CAUSE = "place"
IN_ANY_OPERATION = False
FIX_CATEGORY = "tools"
IN_OUTPUT = ""
CALLS = ("tool_calls", "toolCalls", "tool_use")
# The message of telemetry/failures/unknown_tool.py.
NOT_OFFERED = re.compile(r"the tool (\S+?), which was not offered")


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """
    The problem of a result whose `tool_calls` (each with a name and arguments; [] for none) cannot be made.

    If the failure was a call of a tool that does not exist, any result without an error is fine.
    """
    if case["tool"]:
        return failed_result(case, result, seconds)
    if problem := reported_problem(result):
        return problem
    lists = [value for value in values_under(result, CALLS) if isinstance(value, list)]
    if not lists:
        return "the result does not say what the model called: return it with `tool_calls`, [] for nothing"
    problems = [call_problem(case, call) for calls in lists for call in calls]
    return next(filter(None, problems), "")


def call_problem(case: dict[str, Any], call: Any) -> str:
    """The problem of one call; "" if it can be made."""
    outer: dict[str, Any] = call if isinstance(call, dict) else {}
    inner = outer.get("function")
    facts = inner if isinstance(inner, dict) else outer
    name = facts.get("name") or facts.get("toolName")
    arguments: Any = next((facts[key] for key in ("arguments", "args", "input") if key in facts), {})
    wrong = re.findall(NOT_OFFERED, case["failure"] or "")
    offered = values_under(case["input"], ("tools", "functions"))
    if not name or name in wrong or (offered and json.dumps(name) not in json.dumps(offered)):
        return f"the model called {name}, which was not offered"
    try:
        json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
    except ValueError:
        return f"the arguments of the call of {name} are not JSON"
    return ""


INGEST_RULES = (
    IngestRule(GIVEN_BACK, "llm_call", malformed_output),
    IngestRule(GIVEN_BACK, "llm_call", stopped),
)
REREAD = {"tool_call": as_unknown_tool}
