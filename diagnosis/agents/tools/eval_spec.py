"""`loopkit_eval_spec`: the test that would catch a failure, as a file."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments, budget
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.envelope import cut_text
from diagnosis.agents.tools.issue import find_issue
from diagnosis.evals.formats import FORMATS
from tenants.api.strict_fields import StrictSerializer


class EvalArguments(StrictSerializer):
    """Which eval, and the form of the file."""

    loop_id = arguments.text_argument("loop_...", longest=40)
    cluster_id = arguments.text_argument("clu_...", longest=40)
    format = serializers.ChoiceField(list(FORMATS), default="pytest")
    budget = arguments.budget_argument(6_000)


def eval_file(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The file under `text`: whole, or its beginning if it does not fit."""
    eval_id = find_issue(api, given)[0]["eval_candidate"]
    content = api.text("eval", eval_id, format=given["format"])
    facts = {"format": given["format"]}
    free = budget.room_beside(facts, given["budget"])
    fits = budget.json_characters(content) <= free
    # In JSON a character can take six, so that a sixth of the room always fits.
    shown = content if fits else cut_text(content, free // 6)
    following = (
        None
        if fits
        else {"budget": budget.budget_for(budget.json_characters(content) + budget.RESERVED + 200)}
    )
    return budget.with_completeness(
        facts | {"text": {"file": shown}}, shown=int(fits), total=1, following=following
    )


TOOL = AgentTool(
    name="loopkit_eval_spec",
    title="Read an eval",
    description=(
        "The eval of an issue by its loop_id or cluster_id: a test with the recorded inputs, which must fail "
        "before the change and pass after it. Write it to a file, run it, and report its result with "
        "loopkit_report kind=eval_result."
    ),
    scope="telemetry:read",
    is_read_only=True,
    is_idempotent=True,
    arguments=EvalArguments,
    answer=eval_file,
)
