"""What clients without a recording say, by their documents and sources."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.spans.meaning import Failure
from telemetry.spans.operation import operation
from tests.telemetry.span_builders import CLIENTS, ERROR, OK, captured, make_span, with_attributes
from tests.telemetry.span_examples.clients import GENERAL, Example
from tests.telemetry.span_examples.frameworks import FRAMEWORKS
from tests.telemetry.span_examples.instrumentations import INSTRUMENTATIONS
from tests.telemetry.span_examples.sdks import SDKS

EXAMPLES = [*GENERAL, *FRAMEWORKS, *INSTRUMENTATIONS, *SDKS]
ODD: tuple[Any, ...] = (
    None,
    "",
    [],
    {},
    b"",
    float("nan"),
    float("inf"),
    -1,
    True,
    "{",
    "[" * 3000,
    {"a": [1]},
    [{}],
)


def test_every_convention_has_an_example() -> None:
    spans = [*(one.span for one in EXAMPLES), *(span for client in CLIENTS for span in captured(client))]
    recognised = {conventions.convention_of(span) for span in spans}

    assert [one.__name__ for one in conventions.CONVENTIONS.conventions if one not in recognised] == []


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: one.client)
def test_its_facts_are_found(one: Example) -> None:
    assert conventions.read_meaning(one.span) == one.meaning


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: one.client)
def test_its_unit_of_work_is_captured(one: Example) -> None:
    captured = conventions.capture_of(one.span)

    assert (captured and captured.unit) == (one.meaning.unit or None)
    if captured:
        assert (captured.input, captured.output, captured.model) == (one.input, one.output, one.meaning.model)
        assert captured.replayable == (one.input is not None)


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: one.client)
def test_a_span_that_reports_no_error_is_no_failure(one: Example) -> None:
    is_quiet = not one.meaning.error and one.meaning.finish_reason != "length"

    assert (failure(one.span, one.meaning) is None) == is_quiet


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: one.client)
def test_values_of_any_type_are_survived(one: Example) -> None:
    for name in one.span.attributes:
        for value in ODD:
            odd = with_attributes(one.span, {**one.span.attributes, name: value})
            meaning = conventions.read_meaning(odd)
            assert operation(odd, meaning)
            failure(odd, meaning)
            conventions.capture_of(odd)


@pytest.mark.parametrize(
    ("attributes", "scope", "expected"),
    [
        (
            {
                "langfuse.observation.type": "tool",
                "langfuse.observation.level": "ERROR",
                "langfuse.observation.status_message": "LimitExceeded: 40 EUR",
            },
            "langfuse-sdk",
            Failure("tool_call_failed", "medium", "LimitExceeded", "40 EUR"),
        ),
        (
            {"langfuse.observation.level": "ERROR"},
            "langfuse-sdk",
            Failure("error", "medium", "", "level ERROR"),
        ),
        (
            {"span.type": "llm_request", "success": False, "error": "overloaded"},
            "com.anthropic.claude_code.tracing",
            Failure("llm_call_failed", "medium", "", "overloaded"),
        ),
        (
            {"haystack.tool.name": "refund", "haystack.tool.error": True},
            "app",
            Failure("tool_call_failed", "medium", "tool_error", "work"),
        ),
        (
            {"gen_ai.tool.name": "refund", "gen_ai.tool.success": False, "gen_ai.tool.output": "no"},
            "mastra",
            Failure("tool_call_failed", "medium", "tool_error", "no"),
        ),
        (
            {"gen_ai.operation.name": "chat", "error.type": "RateLimitError"},
            "app",
            Failure("llm_call_failed", "medium", "RateLimitError", "RateLimitError"),
        ),
    ],
)
def test_a_failure_without_error_status_is_found(
    attributes: dict[str, Any], scope: str, expected: Failure
) -> None:
    span = make_span("work", scope, attributes)

    assert failure(span, conventions.read_meaning(span)) == expected


@pytest.mark.parametrize(
    ("attributes", "status_code"),
    [
        ({"langfuse.observation.type": "tool", "langfuse.observation.level": "WARNING"}, 0),
        ({"gen_ai.tool.name": "refund", "gen_ai.tool.success": True}, 0),
        ({"gen_ai.operation.name": "chat", "error.type": "RateLimitError"}, OK),
        ({"gen_ai.operation.name": "chat", "error.type": ""}, 0),
        ({"http.request.method": "GET", "error.type": "404"}, 0),
    ],
)
def test_what_only_looks_like_one_is_not(attributes: dict[str, Any], status_code: int) -> None:
    span = make_span(attributes=attributes, status_code=status_code)

    assert failure(span, conventions.read_meaning(span)) is None


def test_an_error_status_with_a_text_of_its_own_says_more_than_the_level() -> None:
    attributes = {"langfuse.observation.level": "ERROR"}
    span = make_span(attributes=attributes, status_code=ERROR, status_message="KeyError: 'x'")

    judged = failure(span, conventions.read_meaning(span))

    assert judged is not None
    assert (judged.error_type, judged.message) == ("KeyError", "'x'")


def test_what_an_experiment_expected_is_captured() -> None:
    attributes = {
        "langfuse.observation.type": "generation",
        "langfuse.experiment.item.expected_output": '{"answer": 42}',
    }

    captured = conventions.capture_of(make_span(attributes=attributes))

    assert captured is not None
    assert captured.expected == {"answer": 42}
