"""`loopkit_loops`: the loops of the project, or one of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_loop, short_loop_list
from diagnosis.models import Loop
from tenants.api.strict_fields import StrictSerializer


class LoopsArguments(StrictSerializer):
    """Which loops."""

    state = serializers.ChoiceField(Loop.State.choices, required=False)
    environment = arguments.text_argument("Only loops whose failure was seen there.")
    loop_id = arguments.text_argument("loop_...", longest=40)
    cursor = arguments.cursor_argument()
    budget = arguments.budget_argument(4_000)


def chosen_loops(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """A list of loops, or one with as many of its parts as fit."""
    if "loop_id" not in given:
        query = {name: given.get(name) for name in ("state", "environment", "cursor")}
        return short_loop_list(api, api.reader("loops"), query, given["budget"])
    return short_loop(api, api.reader("loop", given["loop_id"]), {}, given["budget"])


TOOL = AgentTool(
    name="loopkit_loops",
    title="List loops, or read one",
    description=(
        "Loops, worst first: one for each issue, from proposed over approved and shipped to held. state=approved "
        "is the work list. With loop_id: one loop, with its verdict, side effects, plan, fixes and history."
    ),
    scope="telemetry:read",
    is_read_only=True,
    is_idempotent=True,
    arguments=LoopsArguments,
    answer=chosen_loops,
)
