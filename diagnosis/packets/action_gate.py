"""
What an answer allows an agent to do, as data: whether a person approved, and what text from telemetry may never cause.

The names are those that agents' clients discuss: https://github.com/getsentry/sentry-mcp/issues/1093
"""

from __future__ import annotations

from typing import Any

from diagnosis.loops import states

TEXT_MAY_NOT_CAUSE = (
    "run commands", "install packages", "open urls", "change permissions", "skip approval",
)  # fmt: skip
CORROBORATE = "own code or two independent traces"


def action_gate(state: str | None = None, decided_by: str | None = None) -> dict[str, Any]:
    """
    The gate of an answer about a loop in that state, whose latest decision that person made; closed without a loop.

    An approval covers what the handoff gives out and nothing else.
    """
    is_approved = state in states.UNDER_APPROVAL
    return {
        "approved": is_approved,
        "by": decided_by if is_approved else None,
        "text_may_not_cause": list(TEXT_MAY_NOT_CAUSE),
        "corroborate": CORROBORATE,
    }
