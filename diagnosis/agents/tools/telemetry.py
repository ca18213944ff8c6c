"""`loopkit_telemetry`: records of a window, or by their ids."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from diagnosis.agents import arguments, budget
from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_reads import short_records
from diagnosis.agents.short_records import chosen_fields, record_in
from telemetry.api.record_forms import DETAILS, LINE, FieldNames
from telemetry.reads.record_json import FAILURE, OK
from telemetry.signals import RECORD_SIGNAL_TYPES
from tenants.api.strict_fields import StrictSerializer

FILTERS = (
    "since_minutes", "until", "trace_id", "service", "operation", "environment", "outcome", "signal_type",
    "cluster_id", "session_id", "cursor",
)  # fmt: skip


class RecordsArguments(StrictSerializer):
    """Which records, and how much of each."""

    record_ids = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, min_length=1, max_length=20
    )
    trace_id = arguments.text_argument("32 hex digits.", longest=32)
    service = arguments.text_argument()
    operation = arguments.text_argument()
    environment = arguments.text_argument()
    outcome = serializers.ChoiceField([OK, FAILURE], required=False)
    signal_type = serializers.ChoiceField(RECORD_SIGNAL_TYPES, required=False)
    cluster_id = arguments.text_argument("clu_...", longest=40)
    session_id = arguments.text_argument()
    since_minutes = arguments.minutes_argument()
    until = serializers.CharField(required=False, max_length=40, help_text="End of the window, RFC 3339.")
    detail = serializers.ChoiceField(DETAILS, default=LINE)
    fields = FieldNames(  # type: ignore[assignment]  # the metaclass takes it out of the class
        required=False, max_length=500, help_text="In place of detail: names of its fields, with commas."
    )
    cursor = arguments.cursor_argument()
    budget = arguments.budget_argument(4_000)


def chosen_records(api: Api, given: dict[str, Any]) -> dict[str, Any]:
    """The records, as many as fit."""
    if "record_ids" not in given:
        query = {name: given.get(name) for name in FILTERS}
        form = (given["detail"], given.get("fields", ()))
        return short_records(api, api.reader("telemetry"), query, given["budget"], *form)
    records = [
        record
        for record_id in given["record_ids"]
        for record in api.get("telemetry", record_id=record_id)["records"]
    ]
    fields = given.get("fields", ())
    rows = [chosen_fields(fields, row) if fields else record_in(given["detail"], row) for row in records]
    return named_records(rows, given["budget"])


def named_records(rows: list[dict[str, Any]], tokens: int) -> dict[str, Any]:
    """As many of the records as fit, and the ids of the others, as many of these as fit into a quarter of the room."""
    fitted, count, _ = budget.with_rows({}, "records", rows, tokens)
    if count < len(rows):
        fitted, count, _ = budget.with_rows({}, "records", rows, tokens - tokens // 4)
    left_out = [row["record_id"] for row in rows[count:]]
    room = budget.CURSOR + tokens // 4 * 2
    ids = left_out[: budget.fitting([budget.json_characters(record_id) for record_id in left_out], room)]
    following = {"record_ids": ids} if ids else None
    return budget.with_completeness(fitted, shown=count, total=len(rows), following=following)


TOOL = AgentTool(
    name="loopkit_telemetry",
    title="Read records",
    description=(
        "Records (spans) of the project, newest first: by record_ids, by trace_id, or by filters in a window. "
        "detail=line for lists, summary for facts, full for attributes, events, input and output."
    ),
    scope="telemetry:read",
    is_read_only=True,
    is_idempotent=True,
    arguments=RecordsArguments,
    answer=chosen_records,
)
