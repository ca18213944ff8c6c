"""A plan is made of facts: the fix category, where to look, what repeats it; nothing that the evidence does not say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnosis.api.serializers.issues import LEVERS
from diagnosis.issues.hints import Hint
from diagnosis.issues.patch_plan import CHANGES, PlanFacts, fix_category, plan_document, with_loop_id
from diagnosis.issues.suspected_release import SuspectedRelease
from tests.diagnosis.failing_records import failing

FACTS = PlanFacts(
    example=failing("a"),
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
    steps: Any = plan_document(facts)["steps"]
    return [step["detail"] for step in steps]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "tools"),
        ({"message": "HTTP 503 from the carrier"}, "infra"),
        ({"message": "connect ECONNREFUSED"}, "infra"),
        ({"signal_type": "llm_call_failed", "message": "maximum context length is 8192"}, "context"),
        ({"signal_type": "output_truncated"}, "model"),
        ({"signal_type": "user_signal"}, "prompt"),
        ({"signal_type": "error", "unit": ""}, "other"),
        ({"signal_type": "error", "unit": "retrieval"}, "retrieval"),
        ({"signal_type": "llm_call_failed", "unit": "llm_call", "message": "invalid request"}, "model"),
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
    assert "/v1/evals/tool-lookup-order-v1" in steps[1]
    assert "`tool lookup_order` in service `shop` (tool `lookup_order`)" in steps[2]
    assert "`find src/repo.py`" in steps[3]
    assert steps[4] == "Check the callers that also fail: `POST /orders`."


def test_what_the_evidence_does_not_say_is_no_step() -> None:
    steps = details(replace(FACTS, replayable=False, location="", downstream_operations=()))

    assert len(steps) == 4
    assert not any("eval" in step or "frame" in step for step in steps)


def test_the_release_and_what_failures_share_are_steps_where_they_are_known() -> None:
    suspected = SuspectedRelease("2.1.0", "2.0.3", 0, 40)
    hint = Hint((("region", "eu"), ("tier", None)), support=6, records=8, lift=2.25, g=13.9)

    steps = details(replace(FACTS, suspected=suspected, hints=(hint,)))

    assert "Compare release `2.1.0` with `2.0.3`: the failure begins with it." in steps
    assert any("`region` = `eu` with `tier` not set" in step for step in steps)


def test_every_fix_category_says_what_to_change() -> None:
    assert set(CHANGES) == set(LEVERS)


def test_the_plan_says_what_would_refute_it() -> None:
    made = plan_document(FACTS)

    assert "20 of 80 records failed" in str(made["verify"])
    assert "tool-lookup-order-v1" in str(made["refuted_by"])


@pytest.mark.parametrize("loop_id", ["loop_1", "loop_2"])
def test_the_plan_of_a_loop_names_where_its_steps_are_reported(loop_id: str) -> None:
    plan = plan_document(FACTS)

    assert with_loop_id(plan, loop_id)["steps"][-1]["detail"].endswith(f": POST /v1/loops/{loop_id}/events.")
    assert "<loop_id>" in str(plan)


def test_an_eval_that_cannot_run_refutes_nothing() -> None:
    made = plan_document(replace(FACTS, replayable=False))

    assert made["refuted_by"] == "The failure goes on at the same rate after the change."


@pytest.mark.parametrize(("signal", "form"), [("user_signal", "promptfoo"), ("missing_call", "pytest")])
def test_the_plan_names_a_form_that_the_eval_has(signal: str, form: str) -> None:
    steps = details(replace(FACTS, example=failing("a", signal_type=signal)))

    assert (
        steps[1]
        == f"Reproduce with the eval: GET /v1/evals/tool-lookup-order-v1?format={form}; it must fail first."
    )
