"""`loopkit_report`: what the agent did about a loop, or how an eval ended."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_report
from diagnosis.loops.states import REPORTABLE
from tenants.api.strict_fields import StrictSerializer

EVAL_RESULT = "eval_result"


class ReportArguments(StrictSerializer):
    """What was done."""

    kind = serializers.ChoiceField([*(kind.value for kind in REPORTABLE), EVAL_RESULT])
    loop_id = arguments.loop_argument()
    url = arguments.text_argument("With pr_opened.", longest=500)
    release = arguments.text_argument("With shipped: what carries the fix, as spans name it.", longest=200)
    shipped_at = serializers.CharField(required=False, max_length=40, help_text="RFC 3339; now if left out.")
    note = arguments.text_argument(longest=4000)
    passed = serializers.BooleanField(required=False, help_text="With eval_result.")
    budget = arguments.budget_argument(800)


def reported_work(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The loop as it is now, or the result that is kept."""
    if given["kind"] == EVAL_RESULT:
        eval_id = api.get("loop", given["loop_id"])["issue"]["eval_candidate"]
        passed, release = given.get("passed"), given.get("release")
        kept = api.post("evals", eval_id=eval_id, passed=passed, release=release, detail=given.get("note"))
        return {"loop_id": given["loop_id"]} | {name: kept[name] for name in ("passed", "created_at")}
    fields = {name: given.get(name) for name in ("kind", "url", "release", "shipped_at", "note")}
    return short_report(
        api, lambda query: api.post("loop-events", given["loop_id"], **fields), {}, given["budget"]
    )


TOOL = AgentTool(
    name="loopkit_report",
    title="Report what was done",
    description=(
        "Report to a loop what was done elsewhere: issue_opened, pr_opened (with url), merged, shipped (with "
        "release), shipped_corrected, answered or asked_again (with note); or eval_result with passed. It never "
        "approves."
    ),
    scope="runs:write",
    is_read_only=False,
    is_idempotent=True,
    arguments=ReportArguments,
    answer=reported_work,
)
