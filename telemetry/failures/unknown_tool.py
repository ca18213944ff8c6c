"""
Tool calls that fail because there is no such tool: the model asked for it, so the failure is the model's answer.

Some clients record what was offered, and the answer shows it (malformed_tool_call.py); with others only the call that
fails does. What they say: https://github.com/langchain-ai/langgraph (ToolNode, "is not a valid tool"),
https://ai.pydantic.dev ("Unknown tool name"), https://github.com/openai/openai-agents-python ("Tool ... not found"),
https://ai-sdk.dev ("unavailable tool"), https://modelcontextprotocol.io/specification/ ("Unknown tool"), and, where
an application looks its tools up by name, the language: https://docs.python.org/3/library/exceptions.html#KeyError
"""

from __future__ import annotations

import re

from telemetry import conventions
from telemetry.conventions.content import parsed
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

SIGNAL, ERROR_TYPE = "malformed_output", "unknown_tool"
NAME = r"['\"`]?(?P<{}>[A-Za-z_][\w.-]{{0,100}}?)['\"`]?"
SAID = re.compile(
    rf"\b(?:unknown|unavailable|unrecognized|no such) (?:tool|function)(?: name)?:? {NAME.format('one')}(?![\w-])"
    rf"|\b(?:tool|function) {NAME.format('two')} (?:was |is )?(?:not (?:found|available|registered|defined)"
    r"|does not exist)"
    rf"|(?:^|\s){NAME.format('three')} is not a valid tool\b",
    re.I,
)
KEY = re.compile(r"['\"]?([A-Za-z_][\w.-]{0,100})['\"]?$")
NAMES, ARGUMENTS = (
    ("name", "tool_name", "toolName"),
    ("arg", "input", "param", "tool_input"),
)  # of a dispatcher


def as_unknown_tool(found: Failure, span: Span, meaning: Meaning) -> Failure:
    """The failure of a tool call; that of the answer that asked for it, if it says that there is no such tool."""
    name = missing(found, span, meaning)
    return unknown_tool(name) if name else found


def unknown_tool(name: str) -> Failure:
    """The model asked for a tool that nobody offered."""
    return Failure(SIGNAL, "medium", ERROR_TYPE, f"the model called the tool {name}, which was not offered")


def missing(found: Failure, span: Span, meaning: Meaning) -> str:
    """The tool that is not there; "" when the call failed for another reason."""
    said = KEY.match(found.message) if found.error_type.endswith("KeyError") else SAID.search(found.message)
    name = next(filter(None, said.groups())) if said else ""
    return name if name in asked(span, meaning) else ""


def asked(span: Span, meaning: Meaning) -> set[str]:
    """What the tool is called: by the span, or in what a dispatcher was given, a name with arguments."""
    convention = conventions.of(span)
    given = parsed(convention.input_of(span)) if convention else None
    if not isinstance(given, dict) or not any(key.startswith(ARGUMENTS) for key in given):
        return {meaning.tool}
    return {meaning.tool, *(given[name] for name in NAMES if isinstance(given.get(name), str))}
