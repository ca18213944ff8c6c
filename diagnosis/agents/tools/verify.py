"""`loopkit_verify`: whether a fix that shipped held."""

from __future__ import annotations

from typing import Any

from diagnosis.agents import arguments
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_verification
from tenants.api.strict_fields import StrictSerializer


class VerifyArguments(StrictSerializer):
    """Which loop."""

    loop_id = arguments.loop_argument()
    budget = arguments.budget_argument(1_500)


def verified_loop(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The verdict first, and as much of its background as fits."""
    return short_verification(
        api, lambda query: api.post("verify", loop_id=given["loop_id"]), {}, given["budget"]
    )


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
