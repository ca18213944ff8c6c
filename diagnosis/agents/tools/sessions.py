"""`loopkit_sessions`: the sessions of a window, or one as a table of its records."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_session, short_sessions
from telemetry.reads.record_json import FAILURE, OK
from tenants.api.strict_fields import StrictSerializer

FILTERS = ("outcome", "service", "environment", "since_minutes", "until", "cursor")
WINDOW = ("since_minutes", "until", "cursor")


class SessionsArguments(StrictSerializer):
    """Which sessions, or which one."""

    session_id = arguments.text_argument("A session_id or a trace_id.")
    outcome = serializers.ChoiceField([OK, FAILURE], required=False)
    service = arguments.text_argument()
    environment = arguments.text_argument()
    since_minutes = arguments.minutes_argument()
    until = serializers.CharField(required=False, max_length=40, help_text="End of the window, RFC 3339.")
    cursor = arguments.cursor_argument()
    budget = arguments.budget_argument(4_000)


def chosen_sessions(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """A list of sessions, or the rows of one."""
    if "session_id" not in given:
        query = {name: given.get(name) for name in FILTERS}
        return short_sessions(api, api.reader("sessions"), query, given["budget"])
    query = {name: given.get(name) for name in WINDOW}
    return short_session(api, api.reader("session", given["session_id"]), query, given["budget"])


TOOL = AgentTool(
    name="loopkit_sessions",
    title="List sessions, or read one",
    description=(
        "Sessions of agents and users, the most recent first, with turns, failures and tokens. With session_id: "
        "its records in the order of time as rows of columns."
    ),
    scope="telemetry:read",
    is_read_only=True,
    is_idempotent=True,
    arguments=SessionsArguments,
    answer=chosen_sessions,
)
