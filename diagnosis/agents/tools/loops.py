"""`loopkit_loops`: the loops of the project, or one of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments, budget, lists
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_loops import loop_facts, loop_line, loop_parts
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
        return lists.listed(api, ("loops", None), query, "loops", loop_line, given["budget"])
    loop = api.get("loop", given["loop_id"])
    facts = loop_facts(loop, api.url_of_loop(given["loop_id"]))
    return budget.with_parts(facts, loop_parts(loop), given["budget"])


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
