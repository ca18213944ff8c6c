"""`loopkit_issue`: one issue, with its plan, evidence and hints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments, budget
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_issues import PARTS, issue_facts, issue_parts
from diagnosis.agents.short_loops import event_line, short_verdict
from diagnosis.packets.action_gate import action_gate
from loopkit.http.errors import ApiError
from tenants.api.strict_fields import StrictSerializer

EITHER = (
    "Send one of the two: cluster_id of an issue of loopkit_diagnose, or loop_id of one of loopkit_loops."
)


class IssueArguments(StrictSerializer):
    """Which issue, and which parts of it."""

    cluster_id = arguments.text_argument("clu_...", longest=40)
    loop_id = arguments.text_argument("loop_...", longest=40)
    include = serializers.ListField(
        child=serializers.ChoiceField(PARTS),
        required=False,
        max_length=len(PARTS),
        help_text="All if left out.",
    )
    budget = arguments.budget_argument(3_000)


def one_issue(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The issue's facts and as many of its parts as fit."""
    issue, loop = find_issue(api, given)
    parts = [("action_gate", loop["action_gate"] if loop else action_gate()), *issue_parts(issue)]
    if loop:
        verifications = loop["verifications"]
        parts += [
            ("verification", short_verdict(verifications[-1]) if verifications else None),
            ("history", [event_line(event) for event in loop["events"]]),
        ]
    wanted = given.get("include") or PARTS
    chosen = [part for part in parts if part[0] in wanted]
    return budget.with_parts(issue_facts(issue), chosen, given["budget"])


def find_issue(api: Api, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The issue, of its loop if it has one, else of the newest packet. ApiError 404 if there is none."""
    if ("loop_id" in given) == ("cluster_id" in given):
        raise ApiError(400, "invalid", "Either cluster_id or loop_id is needed.", EITHER)
    if "loop_id" in given:
        loop = api.get("loop", given["loop_id"])
        return loop["issue"], loop
    found = issue_of_newest_packet(api, given["cluster_id"])
    if found is None:
        raise ApiError(
            404,
            "issue_not_found",
            "The newest packet has no issue with this cluster_id.",
            "Take cluster_id from loopkit_diagnose, or loop_id from loopkit_loops.",
        )
    return found, api.get("loop", found["loop_id"]) if found["loop_id"] else None


def issue_of_newest_packet(api: Api, cluster_id: str) -> dict[str, Any] | None:
    """The issue of this cluster, or None."""
    packets = api.get("packets", limit=1)["packets"]
    if not packets:
        return None
    issues = api.get("packet", packets[0]["packet_id"])["packet"]["issues"]
    return next((issue for issue in issues if issue["cluster_id"] == cluster_id), None)


TOOL = AgentTool(
    name="loopkit_issue",
    title="Read one issue",
    description=(
        "One issue by cluster_id or loop_id: what failed, how often and for whom, the code place, a plan of the "
        "change, a failing call beside a healthy one, evidence record ids, the eval, and where its approval "
        "stands."
    ),
    scope="telemetry:read",
    is_read_only=True,
    is_idempotent=True,
    arguments=IssueArguments,
    answer=one_issue,
)
