"""`loopkit_handoff`: what a human approved, for the change."""

from __future__ import annotations

from typing import Any

from diagnosis.agents import arguments
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_handoff
from tenants.api.strict_fields import StrictSerializer


class HandoffArguments(StrictSerializer):
    """Which loop."""

    loop_id = arguments.loop_argument()
    budget = arguments.budget_argument(8_000)


def approved_change(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The bundle, as many of its parts as fit."""
    return short_handoff(api, api.reader("handoff", given["loop_id"]), {}, given["budget"])


TOOL = AgentTool(
    name="loopkit_handoff",
    title="Fetch an approved change",
    description=(
        "The bundle of a loop that a human approved: approval, plan, evidence, eval, earlier fixes. Before the "
        "approval it is refused, with what is missing. Make the change only with it, then loopkit_report."
    ),
    scope="telemetry:read",
    is_read_only=True,
    is_idempotent=True,
    arguments=HandoffArguments,
    answer=approved_change,
)
