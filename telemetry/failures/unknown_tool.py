"""
Tool calls that fail because there is no such tool. The model asked for it, so the failure is one of the model's answer.

Some clients record which tools were offered, and the answer shows the failure (malformed_tool_call.py); with others
only the failed call does. Their messages: https://github.com/langchain-ai/langgraph (ToolNode, "is not a valid tool"),
https://ai.pydantic.dev ("Unknown tool name"), https://github.com/openai/openai-agents-python ("Tool ... not found"),
https://ai-sdk.dev ("unavailable tool"), https://modelcontextprotocol.io/specification/ ("Unknown tool"), and, where
an application looks its tools up by name, the language: https://docs.python.org/3/library/exceptions.html#KeyError
"""

from __future__ import annotations

import re

from telemetry import conventions
from telemetry.conventions.content import parsed
from telemetry.failures.fault import one_line
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

SIGNAL, UNKNOWN_TOOL = "malformed_output", "unknown_tool"
NAME = r"['\"`]?(?P<{}>[A-Za-z_][\w.-]{{0,100}}?)['\"`]?"
NO_SUCH_TOOL = re.compile(
    rf"\b(?:unknown|unavailable|unrecognized|no such) (?:tool|function)(?: name)?:? {NAME.format('one')}(?![\w-])"
    rf"|\b(?:tool|function) {NAME.format('two')} (?:was |is )?(?:not (?:found|available|registered|defined)"
    r"|does not exist)"
    rf"|(?:^|\s){NAME.format('three')} is not a valid tool\b",
    re.I,
)
# In a step or a run of an agent, where other functions fail too, the sentence must speak of a tool, or of a function
# that was requested: smolagents ("Unknown tool"), openai-agents ("Tool not found: {'tool_name': ...}"), Agent Framework
# ("Requested function ... not found").
NO_SUCH_TOOL_IN_STEP = re.compile(
    rf"\b(?:unknown|unavailable|unrecognized|no such) tool(?: name)?:? {NAME.format('one')}(?![\w-])"
    rf"|\b(?:tool|requested function) {NAME.format('two')} (?:was |is )?(?:not (?:found|available|registered|defined)"
    r"|does not exist)"
    rf"|\btool not found: (?:\{{['\"]tool_name['\"]: ?)?{NAME.format('three')}(?![\w-])",
    re.I,
)
# Google ADK puts a tool of this description in the place of the missing one:
# https://github.com/google/adk-python/blob/main/src/google/adk/flows/llm_flows/functions.py
DESCRIPTION, NOT_FOUND = "gen_ai.tool.description", "Tool not found"
KEY = re.compile(r"['\"]?([A-Za-z_][\w.-]{0,100})['\"]?$")
# Keys in the input of a dispatcher: of the tool's name, and the beginnings of those of its arguments.
NAMES, ARGUMENTS = (
    ("name", "tool_name", "toolName"),
    ("arg", "input", "param", "tool_input"),
)


def as_unknown_tool(failure: Failure, span: Span, meaning: Meaning) -> Failure:
    """Return a tool call's failure; as one of the model's answer if it says that there is no such tool."""
    name = missing(failure, span, meaning)
    return unknown_tool(name) if name else failure


def as_unknown_tool_of_step(failure: Failure) -> Failure:
    """Return the failure of an agent's step; as one of the model's answer if it says that there is no such tool."""
    match = NO_SUCH_TOOL_IN_STEP.search(failure.message)
    return unknown_tool(next(filter(None, match.groups()))) if match else failure


def unknown_tool(name: str) -> Failure:
    """Return the failure of a model that called a tool which was not offered."""
    message = f"the model called the tool {name}, which was not offered"
    return Failure(SIGNAL, "medium", UNKNOWN_TOOL, one_line(message))


def missing(failure: Failure, span: Span, meaning: Meaning) -> str:
    """Return the name of the tool that does not exist; "" when the call failed for another reason."""
    if span.attributes.get(DESCRIPTION) == NOT_FOUND:
        return meaning.tool
    message = failure.message
    match = KEY.match(message) if failure.error_type.endswith("KeyError") else NO_SUCH_TOOL.search(message)
    name = next(filter(None, match.groups())) if match else ""
    return name if name in requested_tools(span, meaning) else ""


def requested_tools(span: Span, meaning: Meaning) -> set[str]:
    """Return the names of the called tool: the span's, and those in the input of a dispatcher, beside arguments."""
    convention = conventions.convention_of(span)
    call_input = parsed(convention.input_of(span)) if convention else None
    if not isinstance(call_input, dict) or not any(key.startswith(ARGUMENTS) for key in call_input):
        return {meaning.tool}
    return {meaning.tool, *(call_input[name] for name in NAMES if isinstance(call_input.get(name), str))}
