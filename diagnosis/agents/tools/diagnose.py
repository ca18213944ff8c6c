"""`loopkit_diagnose`: the failures of a window as issues, worst first."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_packet
from telemetry.api.parameters import ParsedField
from tenants.api.strict_fields import StrictSerializer


def place_in_packet(cursor: str) -> tuple[str, int]:
    """The id of the packet and the number of the issue that comes next, of a cursor of the right form."""
    packet_id, _, first = cursor.partition(":")
    return packet_id, int(first)


class DiagnoseArguments(StrictSerializer):
    """The window, or the rest of a list."""

    since_minutes = arguments.minutes_argument(60)
    until = serializers.DateTimeField(
        required=False, help_text="End of the window, RFC 3339; now if left out, and no later."
    )
    cursor = ParsedField(
        "^pkt_[0-9a-f]{1,32}:[0-9]{1,6}$",
        place_in_packet,
        required=False,
        help_text="completeness.next.cursor of the answer before.",
    )
    budget = arguments.budget_argument(4_000)


def diagnosed_window(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The packet in short, with as many of its issues as fit."""
    packet_id, first = given.get("cursor", ("", 0))
    packet = packet_of(api, given, packet_id)
    return short_packet(
        packet, first, given["budget"], lambda end: {"cursor": f"{packet['packet_id']}:{end}"}
    )


def packet_of(api: Api, given: dict[str, Any], packet_id: str) -> dict[str, Any]:
    """The packet of the cursor, or of a diagnosis of the window."""
    if packet_id:
        return dict(api.get("packet", packet_id)["packet"])
    window = {name: given.get(name) for name in ("since_minutes", "until")}
    window["until"] = window["until"] and window["until"].isoformat()
    return dict(api.post("diagnose", **window)["packet"])


TOOL = AgentTool(
    name="loopkit_diagnose",
    title="Diagnose a window",
    description=(
        "Find what fails in production in a window of telemetry: failures clustered into issues, worst first, "
        "each with counts, trend, code place and loop_id. Then read one with loopkit_issue."
    ),
    scope="runs:write",
    is_read_only=False,
    is_idempotent=True,
    arguments=DiagnoseArguments,
    answer=diagnosed_window,
)
