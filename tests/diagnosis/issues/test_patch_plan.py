"""A plan is made of facts: the fix category, where to look, what repeats it; nothing that the evidence does not say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnosis.api.serializers.issues import LEVERS
from diagnosis.issues.patch_plan import PlanFacts, fix_category, plan_document
from diagnosis.issues.plan_sentences import CHANGES
from diagnosis.loops.shown_issue import shown_issue
from tests.diagnosis.failing_records import failing

FACTS = PlanFacts(
    category="tools",
    signal_type="tool_call_failed",
    operation="tool lookup_order",
    service="shop",
    tool="lookup_order",
    model="",
    error="OrderNotFound: order A-1 not found",
    records=20,
    operation_records=80,
    evidence_ids=("rec_1", "rec_2"),
    eval_id="tool-lookup-order-v1",
    downstream_operations=("POST /orders",),
    replayable=True,
    location="find src/repo.py",
)


def details(facts: PlanFacts) -> list[str]:
    """The steps' texts."""
    return [step["detail"] for step in plan_document(facts)["steps"]]


def values(facts: PlanFacts, sentence: str) -> Any:
    """What stands beside the step with that sentence."""
    [step] = [step for step in plan_document(facts)["steps"] if step["detail"] == sentence]
    return step["with"]["text"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "tools"),
        ({"message": "HTTP 503 from the carrier"}, "infra"),
        ({"message": "connect ECONNREFUSED"}, "infra"),
        ({"signal_type": "llm_call_failed", "message": "maximum context length is 8192"}, "context"),
        ({"signal_type": "output_truncated"}, "model"),
        ({"signal_type": "user_signal"}, "prompt"),
        ({"signal_type": "error", "unit": ""}, "code"),
        ({"signal_type": "error", "unit": "retrieval"}, "retrieval"),
        ({"signal_type": "llm_call_failed", "unit": "llm_call", "message": "invalid request"}, "model"),
        ({"signal_type": "tool_call_failed", "unit": "llm_call", "message": "order 7 not found"}, "tools"),
        (
            {"signal_type": "tool_call_failed", "unit": "llm_call", "message": "HTTP 503 of the carrier"},
            "infra",
        ),
        ({"signal_type": "answer_refused", "unit": "llm_call"}, "guardrails"),
        ({"signal_type": "llm_call_failed", "message": "blocked by the content filter"}, "guardrails"),
        ({"signal_type": "malformed_output", "message": "the model called the tool x"}, "tools"),
        ({"signal_type": "repeated_call"}, "orchestration"),
        ({"signal_type": "latency", "unit": "", "message": "takes 503 times as long"}, "infra"),
        ({"signal_type": "latency", "unit": "llm_call"}, "model"),
    ],
)
def test_the_fix_category_follows_from_the_failure(fields: dict[str, str], expected: str) -> None:
    assert fix_category(failing("a", **fields)) == expected


def test_the_steps_name_what_the_evidence_names() -> None:
    steps = details(FACTS)

    assert "record_id=rec_1" in steps[0]
    assert steps[1].startswith("Reproduce with the eval: GET /v1/evals/{eval_id}?format=")
    assert steps[2:5] == [
        "Find the code of {operation} in service {service} (tool {tool}); it reports {error}.",
        "Start at {location}, the application's own frame nearest to the failure.",
        "Check the callers that also fail: {callers}.",
    ]
    assert [values(FACTS, step) for step in steps[1:5]] == [
        {"eval_id": "tool-lookup-order-v1"},
        {
            "operation": "tool lookup_order",
            "service": "shop",
            "error": "OrderNotFound: order A-1 not found",
            "tool": "lookup_order",
        },
        {"location": "find src/repo.py"},
        {"callers": ["POST /orders"]},
    ]


def test_a_tool_that_only_a_model_was_told_of_is_not_shown_as_a_failing_model() -> None:
    told = replace(FACTS, signal_type="tool_call_failed", tool="", model="gpt-4o")
    own = replace(told, signal_type="llm_call_failed")

    assert "Find the code of {operation} in service {service}; it reports {error}." in details(told)
    assert (
        "Find the code of {operation} in service {service} (model {model}); it reports {error}."
        in details(own)
    )


def test_what_the_evidence_does_not_say_is_no_step() -> None:
    steps = details(replace(FACTS, replayable=False, location="", downstream_operations=()))

    assert len(steps) == 4
    assert not any("eval" in step or "frame" in step for step in steps)


def test_the_release_and_what_failures_share_are_steps_where_they_are_known() -> None:
    facts = replace(FACTS, release="2.1.0", older_release="2.0.3", shared=(("region", "eu"), ("tier", None)))
    compare = "Compare release {release} with {older_release}: the failure begins with it."
    look = (
        "Look for what {attribute} = {value} with {also_attribute} not set changes: "
        "failures have it more often than healthy calls."
    )

    assert values(facts, compare) == {"release": "2.1.0", "older_release": "2.0.3"}
    assert values(facts, look) == {"attribute": "region", "value": "eu", "also_attribute": "tier"}


def test_every_fix_category_says_what_to_change() -> None:
    assert set(CHANGES) == set(LEVERS)


def test_the_plan_says_what_would_refute_it() -> None:
    made = plan_document(FACTS)

    assert "20 of 80 records failed" in str(made["verify"])
    in_runs = plan_document(replace(FACTS, signal_type="repeated_call"))
    assert "20 of 80 traces failed" in str(in_runs["verify"])
    assert made["refuted_by"].startswith("The eval {eval_id} passes before the change")
    assert made["with"]["text"] == {"operation": "tool lookup_order", "eval_id": "tool-lookup-order-v1"}


@pytest.mark.parametrize("loop_id", ["loop_1", "loop_2"])
def test_the_plan_of_a_loop_names_where_its_steps_are_reported(loop_id: str) -> None:
    issue = {"patch_plan": plan_document(FACTS)}

    [*_, last] = shown_issue(issue, loop_id=loop_id)["patch_plan"]["steps"]

    assert last["detail"].endswith(f": POST /v1/loops/{loop_id}/events.")
    assert "<loop_id>" in str(issue)


def test_an_eval_that_cannot_run_refutes_nothing() -> None:
    made = plan_document(replace(FACTS, replayable=False))

    assert made["refuted_by"] == "The failure goes on at the same rate after the change."


@pytest.mark.parametrize(("signal", "form"), [("user_signal", "promptfoo"), ("missing_call", "pytest")])
def test_the_plan_names_a_form_that_the_eval_has(signal: str, form: str) -> None:
    steps = details(replace(FACTS, signal_type=signal))

    assert (
        steps[1] == f"Reproduce with the eval: GET /v1/evals/{{eval_id}}?format={form}; it must fail first."
    )
