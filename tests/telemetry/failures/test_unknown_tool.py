"""Calls of tools that nobody has, as clients and languages tell it, and calls that fail for other reasons."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.failures.unknown_tool import as_unknown_tool_of_step, unknown_tool
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import NEWEST
from telemetry.spans.meaning import Failure
from telemetry.spans.span import STATUS_ERROR
from tests.telemetry.span_builders import make_span


def judge(message: str, tool: str = "fly", given: object = None) -> Failure | None:
    told: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    span = make_span(
        attributes=told | ({"gen_ai.tool.call.arguments": json.dumps(given)} if given else {}),
        status_code=STATUS_ERROR,
        status_message=message,
    )
    return failure(span, conventions.read_meaning(span))


@pytest.mark.parametrize(
    "message",
    [
        "Error: fly is not a valid tool, try one of [pay, find].",
        "Unknown tool: fly",
        "Unknown tool name: 'fly'. Available tools: pay",
        "Tool fly not found in agent support",
        "Model tried to call unavailable tool 'fly'. Available tools: pay.",
        "KeyError: 'fly'",
    ],
)
def test_a_tool_that_nobody_has_is_the_models_failure(message: str) -> None:
    assert judge(message) == unknown_tool("fly")


@pytest.mark.parametrize(
    ("description", "is_unknown"), [("Tool not found", True), ("Finds tools.", False), ("", False)]
)
def test_a_placeholder_for_a_missing_tool_says_so_in_its_description(
    description: str, is_unknown: bool
) -> None:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "fly",
        "gen_ai.tool.description": description,
        "error.type": "ValueError",
    }
    span = make_span(attributes=attributes, status_code=STATUS_ERROR, status_message="ValueError")

    judged = failure(span, conventions.read_meaning(span))

    assert (judged == unknown_tool("fly")) == is_unknown


def test_a_dispatcher_names_it_in_what_it_was_given() -> None:
    given = {"name": "fly", "args_json": "{}"}

    assert judge("KeyError('fly')", tool="call_tool", given=given) == unknown_tool("fly")


@pytest.mark.parametrize(
    ("message", "given"),
    [
        ("KeyError: 'USD'", {"name": "USD"}),
        ("KeyError: 'order'", {"name": "fly", "args": {}}),
        ("Tool hammer not found in the catalogue", {"query": "hammer"}),
        ("no flight was found", None),
    ],
)
def test_another_reason_stays_what_it_is(message: str, given: object) -> None:
    found = judge(message, given=given)

    assert found is not None
    assert found.signal_type == "tool_call_failed"


def test_it_is_one_cause_wherever_it_shows() -> None:
    cause = unknown_tool("fly")

    assert fingerprint("shop", "chat gpt-4o", cause, NEWEST) == fingerprint(
        "shop", "tool call_tool", cause, NEWEST
    )
    assert fingerprint("shop", "chat gpt-4o", cause, NEWEST) != fingerprint(
        "shop", "chat gpt-4o", unknown_tool("run"), NEWEST
    )


@pytest.mark.parametrize(
    "message",
    [
        "Unknown tool fly, should be one of: pay, find.",
        "Tool not found: {'tool_name': 'fly'}",
        "Tool not found: fly",
        'Requested function "fly" not found.',
        "the tool 'fly' does not exist",
    ],
)
def test_a_step_that_fails_because_nobody_has_the_tool_shows_the_models_failure(message: str) -> None:
    assert as_unknown_tool_of_step(Failure("error", "medium", "AgentError", message)) == unknown_tool("fly")


@pytest.mark.parametrize(
    "message",
    [
        "no such function: levenshtein",
        "function pg_trgm does not exist",
        "Tool not found",
        "the tool took too long",
    ],
)
def test_a_step_that_fails_for_another_reason_stays_what_it_is(message: str) -> None:
    told = Failure("error", "medium", "AgentError", message)

    assert as_unknown_tool_of_step(told) == told
