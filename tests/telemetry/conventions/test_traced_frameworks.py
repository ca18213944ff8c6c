"""A failure in a run of an agent framework is one cluster, charged to the call that failed; a good run is none."""

from __future__ import annotations

import pytest

from diagnosis.issues.issue import title_of
from telemetry import conventions
from telemetry.grouping.attribution import attribute
from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.operation import operation
from telemetry.spans.span import Span
from tests.diagnosis.test_grouping import failing
from tests.telemetry.span_examples.traced_frameworks import RUNS, TEXT, Run, all_spans

every_run = pytest.mark.parametrize("traced", RUNS, ids=lambda traced: traced.__name__)
# Those whose client records no text of the failure.
UNTOLD = ("pydantic_ai", "vercel_ai_sdk", "bedrock_guardrail")


def charged(spans: list[Span]) -> list[FailingRecord]:
    """What is charged for these spans."""
    failures = [found for span in spans if (found := failing(span))]
    parents = {(span.trace_id, span.span_id): span.parent_span_id for span in spans}
    return [item.primary for item in attribute(failures, parents)]


@every_run
def test_a_failure_is_charged_once_to_the_call_that_failed(traced: Run) -> None:
    spans = traced(TEXT)

    [primary] = charged(spans)

    assert primary.span_id == spans[-1].span_id
    assert primary.unit in ("llm_call", "tool_call")
    assert primary.tool == "refund" or primary.model not in ("", "unknown", "none")


@every_run
def test_a_good_run_is_no_failure(traced: Run) -> None:
    assert charged(traced("")) == []


@every_run
def test_the_title_says_what_happened(traced: Run) -> None:
    [primary] = charged(traced(TEXT))

    title = title_of(primary)

    assert TEXT in title or traced.__name__ in UNTOLD
    assert "<class" not in title
    assert title.count("refund") <= 1 + title.count(TEXT)


@every_run
def test_other_failures_of_the_same_call_are_others(traced: Run) -> None:
    other = "the payment provider has no such order"

    [first], [second] = charged(traced(TEXT)), charged(traced(other))

    assert (first.fingerprint != second.fingerprint) == (traced.__name__ not in UNTOLD)


def test_agents_operations_and_tokens_are_named() -> None:
    meanings = {
        (span.origin.scope_name, span.name): (span, conventions.read_meaning(span)) for span in all_spans("")
    }
    named = {operation(span, meaning) for span, meaning in meanings.values()}
    agents = {meaning.agent for _, meaning in meanings.values()} - {""}

    assert agents == {"shop", "Agent workflow"}
    assert {"chat gpt-4o", "tool refund", "agent shop"} <= named
    assert not {name for name in named if "unknown" in name or "none" in name}
    langchain4j = meanings["org.springframework.boot", "chat unknown"][1]
    assert (langchain4j.model, langchain4j.input_tokens, langchain4j.output_tokens) == ("gpt-4o", 40, 12)
