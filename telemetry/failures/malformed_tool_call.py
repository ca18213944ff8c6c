"""
Tool calls in a model's answer that cannot be made: the tool was not offered, or the arguments are not JSON.

Many frameworks report this to the model and continue, so that only the answer shows it. Tool calls are recorded in:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (`gen_ai.output.messages`, `gen_ai.tool.definitions`),
https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md (`llm.output_messages`, `llm.tools`),
https://ai-sdk.dev/docs/ai-sdk-core/telemetry (`ai.response.toolCalls`, `ai.prompt.tools`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry import conventions
from telemetry.conventions.content import parsed
from telemetry.failures.fault import one_line
from telemetry.failures.offered_tools import OfferedTools, is_json
from telemetry.failures.unknown_tool import SIGNAL, unknown_tool
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

FINISHED = ("tool", "function")  # words in the finish reasons of answers with tool calls
ARGUMENTS = ("arguments", "input", "args")
MOST_PARTS = 2_000  # of an answer that are searched
LONGEST = 100_000  # characters of an answer that is searched

Call = tuple[str, Any]  # name and arguments


def malformed_output(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of a model that asked for a tool call that cannot be made, or None."""
    reason = meaning.finish_reason.lower()
    if not any(word in reason for word in FINISHED):
        return None
    attributes, known = span.attributes, conventions.CONVENTIONS
    offered = OfferedTools(
        [str(value) for name, value in attributes.items() if value and name.startswith(known.tools_offered)]
    )
    answers = [
        conventions.output_of(span),
        *(
            attributes[name]
            for name in known.unreadable_calls
            if "invalid_tool_call" in str(attributes.get(name))
        ),
    ]
    for name, arguments in (
        *numbered_tool_calls(attributes),
        *(call for answer in answers for call in within(answer)),
    ):
        if not offered.may_have(name):
            return unknown_tool(name)
        if isinstance(arguments, str) and not is_json(arguments):
            message = one_line(f"the arguments of the call of {name} are no JSON")
            return Failure(SIGNAL, "medium", "malformed_arguments", message)
    return None


def numbered_tool_calls(attributes: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the calls in numbered attributes such as `gen_ai.completion.0.tool_calls.0.name`."""
    for key, value in attributes.items():
        if (
            key.endswith(".name")
            and ".tool_calls." in key
            and key.startswith(conventions.CONVENTIONS.tool_calls)
        ):
            yield str(value), attributes.get(key.removesuffix("name") + "arguments")


def within(answer: Any) -> Iterator[Call]:
    """Yield the calls inside an answer, at any depth."""
    if isinstance(answer, str) and len(answer) > LONGEST:
        return
    parts = [parsed(answer)]
    for number, part in enumerate(parts):
        if number >= MOST_PARTS:
            return
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            call = call_of(part)
            if call:
                yield call


def call_of(part: dict[str, Any]) -> Call | None:
    """Return the part's tool call, or None. A call has a name, and a type or a key that marks it as a call."""
    name = part.get("toolName") or part.get("name")
    arguments = next((part[key] for key in ARGUMENTS if key in part), None)
    kind = str(part.get("type", ""))
    is_call = "toolName" in part or kind.replace("-", "_") in ("tool_call", "tool_use", "invalid_tool_call")
    is_function = isinstance(part.get("arguments"), str) and not kind
    return (
        (name, arguments)
        if isinstance(name, str) and (is_call or is_function) and "content" not in part
        else None
    )
