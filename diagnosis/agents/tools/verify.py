"""`loopkit_verify`: whether a fix that shipped held."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments, budget
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_loops import short_side_effects, short_verdict
from tenants.api.strict_fields import StrictSerializer


class VerifyArguments(StrictSerializer):
    """Which loop."""

    loop_id = serializers.CharField(max_length=24)
    budget = arguments.budget_argument(1_500)


def verified_loop(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The verdict first, and as much of its background as fits."""
    result = api.post("verify", loop_id=given["loop_id"])
    facts = {name: result[name] for name in ("loop_id", "state", "next_action")} | short_verdict(result)
    parts = [
        ("side_effects", short_side_effects(result.get("side_effects"))),
        ("evidence_ids", result.get("evidence_ids")),
        ("trajectory", result.get("trajectory")),
    ]
    return budget.with_parts(facts, parts, given["budget"])


TOOL = AgentTool(
    name="loopkit_verify",
    title="Verify a fix",
    description=(
        "Compare the windows before and after a shipped fix, by failure rates over exposure: held, improved, "
        "unchanged, regressed, or what traffic is still needed. Asking more often changes nothing."
    ),
    scope="runs:write",
    is_read_only=False,
    is_idempotent=True,
    arguments=VerifyArguments,
    answer=verified_loop,
)
