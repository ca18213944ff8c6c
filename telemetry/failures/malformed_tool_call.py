"""
Tool calls in a model's answer that cannot be made: the tool was not offered, or the arguments are not JSON.

Many frameworks report this to the model and continue, so that only the answer shows it. Tool calls are recorded in:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (`gen_ai.output.messages`, `gen_ai.tool.definitions`),
https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md (`llm.output_messages`, `llm.tools`),
https://ai-sdk.dev/docs/ai-sdk-core/telemetry (`ai.response.toolCalls`, `ai.prompt.tools`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from telemetry import conventions
from telemetry.conventions.content import parsed
from telemetry.failures.fault import one_line
from telemetry.failures.offered_tools import OfferedTools, is_json
from telemetry.failures.unknown_tool import SIGNAL, unknown_tool
from telemetry.spans.form import once_a_form
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

FINISHED = ("tool", "function")  # words in the finish reasons of answers with tool calls
ARGUMENTS = ("arguments", "input", "args")
NAMES = ("toolName", "tool_name", "name")
# Keys whose value is a call: of OpenAI, Gemini, Haystack, Bedrock.
CALLS = ("function", "function_call", "functionCall", "tool_call", "toolCall", "toolUse")
TYPES = frozenset({"tool_call", "tool_use", "invalid_tool_call", "function_call"})
# A call in a text of JSON, in these forms. An empty list of calls is none.
MARK = re.compile(
    r"['\"](?:tool_calls?|toolCalls?|function_call|functionCall|toolUse)['\"]\s*:[\s\[]*\{"
    r"|['\"]toolName['\"]|['\"]tool[_-](?:call|use)['\"]"
)
# Calls that LangChain could not read; mostly its list of them is empty.
INVALID = re.compile(r"invalid_tool_calls?['\"]\s*:[\s\[]*\{|['\"]invalid_tool_call['\"]")
MARKING = ("type", "toolName", "arguments")  # a part of an answer without any of these is no call by itself
RAW = (
    "raw",
    "_raw",
    "raw_arguments",
)  # the one key under which clients keep arguments that they could not parse
OFFERS = ("tools", "functions")  # of an input
MOST_PARTS = 2_000  # of an answer that are searched
LONGEST = 100_000  # characters of an answer that is searched

Call = tuple[str, Any]  # name and arguments


def malformed_output(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of a model that asked for a tool call that cannot be made, or None."""
    reason = meaning.finish_reason.lower()
    says_so = FINISHED[0] in reason or FINISHED[1] in reason
    if not says_so and not shows_calls(span):
        return None
    attributes, known = span.attributes, conventions.CONVENTIONS
    numbered = list(numbered_tool_calls(attributes))
    answers = [] if numbered else [conventions.output_of(span)]
    answers += [
        attributes[name]
        for name in known.unreadable_calls
        if name in attributes and INVALID.search(str(attributes[name]))
    ]
    calls = [*numbered, *(call for answer in answers for call in within(answer, says_so))]
    if says_so and not calls and any(answer is not None for answer in answers):
        return left_out_call(span)
    return first_problem(span, calls)


def left_out_call(span: Span) -> Failure | None:
    """Return the failure of an answer that ended with a call but has none, from a client that leaves such calls out."""
    if not getattr(conventions.convention_of(span), "LEAVES_OUT_CALLS", False):
        return None
    return Failure(SIGNAL, "medium", "malformed_arguments", "the arguments of a call are no JSON")


@once_a_form
def has_numbered_call(span: Span) -> bool:
    """Whether an attribute names the first call."""
    return not conventions.CONVENTIONS.first_calls.isdisjoint(span.attributes)


@once_a_form
def answer_name(span: Span) -> str | None:
    """Return the attribute that holds the answer as a text of JSON; None without one."""
    return next((name for name in conventions.CONVENTIONS.answer_texts if name in span.attributes), None)


def shows_calls(span: Span) -> bool:
    """Whether the answer has a call, whatever its finish reason: at a glance, as most answers have none."""
    if has_numbered_call(span):
        return True
    name = answer_name(span)
    if name is None:
        return False
    text = span.attributes[name]
    return not isinstance(text, str) or (has_call_word(text) and MARK.search(text[:LONGEST]) is not None)


def has_call_word(text: str) -> bool:
    """Whether one of the words is in the text of which each form of MARK has one: much faster than the search."""
    return "tool" in text or "function" in text


def first_problem(span: Span, calls: Sequence[Call]) -> Failure | None:
    """Return the failure of the first of these calls that cannot be made, or None."""
    offered = OfferedTools(offers(span)) if calls else OfferedTools([])
    for name, arguments in calls:
        if not offered.may_have(name):
            return unknown_tool(name)
        if holds_no_json(arguments):
            message = one_line(f"the arguments of the call of {name} are no JSON")
            return Failure(SIGNAL, "medium", "malformed_arguments", message)
    return None


def offers(span: Span) -> list[str]:
    """Return the texts that define the tools which the model was offered: of attributes, else in the input."""
    beginnings = conventions.CONVENTIONS.tools_offered
    definitions = [value for name, value in span.attributes.items() if value and name.startswith(beginnings)]
    texts = [text for value in definitions for text in texts_of(value)]
    convention = None if texts else conventions.convention_of(span)
    given = parsed(convention.input_of(span)) if convention else None
    if not isinstance(given, dict):
        return texts
    return [text for name in OFFERS if given.get(name) for text in texts_of(given[name])]


def texts_of(definitions: Any) -> list[str]:
    """Return definitions of tools as texts: JSON, unless they are texts already."""
    listed = definitions if isinstance(definitions, list) else [definitions]
    return [
        definition if isinstance(definition, str) else orjson.dumps(definition, default=str).decode()
        for definition in listed
    ]


def holds_no_json(arguments: Any) -> bool:
    """Whether the arguments are a text that is no JSON, perhaps kept under a key that says so."""
    if isinstance(arguments, dict) and len(arguments) == 1:
        arguments = next((arguments[key] for key in RAW if key in arguments), None)
    return isinstance(arguments, str) and not is_json(arguments)


def numbered_tool_calls(attributes: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the calls in numbered attributes such as `gen_ai.completion.0.tool_calls.0.name`."""
    for key, value in attributes.items():
        if (
            key.endswith(".name")
            and (".tool_calls." in key or ".function_call." in key)
            and key.startswith(conventions.CONVENTIONS.tool_calls)
        ):
            yield str(value), attributes.get(key.removesuffix("name") + "arguments")


def within(answer: Any, says_so: bool = True) -> Iterator[Call]:
    """
    Yield the calls inside an answer, at any depth.

    Args:
        says_so: the finish reason speaks of calls, so that a name with arguments is one without being marked as one.
    """
    if isinstance(answer, str) and len(answer) > LONGEST:
        return
    parts = [(parsed(answer), False)]
    for number, (part, is_call) in enumerate(parts):
        if number >= MOST_PARTS:
            return
        if isinstance(part, list):
            parts += [(item, False) for item in part]
        elif isinstance(part, dict):
            parts += [(item, key in CALLS) for key, item in part.items()]
            call = call_of(part, is_call, says_so)
            if call:
                yield call


def call_of(part: dict[str, Any], is_call: bool, says_so: bool) -> Call | None:
    """Return the part's tool call, or None. A call has a name, and a type or a key that marks it as a call."""
    if not is_call and not any(key in part for key in MARKING):
        return None
    name = next((part[key] for key in NAMES if isinstance(part.get(key), str)), None)
    arguments = next((part[key] for key in ARGUMENTS if key in part), None)
    kind = str(part.get("type", ""))
    is_marked = is_call or "toolName" in part or kind.replace("-", "_") in TYPES
    is_function = says_so and isinstance(part.get("arguments"), str) and not kind
    is_one = isinstance(name, str) and (is_marked or is_function) and "content" not in part
    return (name, arguments) if is_one and name is not None else None
