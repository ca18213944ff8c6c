"""The parameters of how much of each record an answer with a budget shows."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.api.budgets import BudgetParameters
from tenants.api.strict_fields import nearest_word

LINE, SUMMARY, FULL = "line", "summary", "full"
DETAILS = (LINE, SUMMARY, FULL)
# Fields of a record that can be chosen: first those that LoopKit says, then those with text of the sender.
OWN_FIELDS = (
    "trace_id", "span_id", "parent_span_id", "kind", "start_time", "duration_ms", "status", "outcome", "signal_type",
    "severity", "cluster_id", "input_tokens", "output_tokens",
)  # fmt: skip
TEXT_FIELDS = (
    "name", "operation", "service", "environment", "release", "message", "session_id", "user_id", "agent", "tool",
    "model", "attributes", "resource", "scope", "events", "links", "capture",
)  # fmt: skip
FIELDS = (*OWN_FIELDS, *TEXT_FIELDS)


class FieldNames(serializers.CharField):
    """Names of fields with commas between them, as a tuple in the order of FIELDS."""

    def to_internal_value(self, data: Any) -> Any:
        """The names. Fails for one that no record has, with the nearest."""
        names = {name.strip() for name in super().to_internal_value(data).split(",")}
        for name in sorted(names - {*FIELDS, "record_id"}):
            nearest = nearest_word(name, FIELDS)
            raise serializers.ValidationError(f"A record has no such field. {nearest}".strip())
        return tuple(name for name in FIELDS if name in names)


class RecordFormParameters(BudgetParameters):
    """The budget, and the form of each record in it."""

    detail = serializers.ChoiceField(
        DETAILS,
        required=False,
        help_text="With a budget. line, if left out: what failed, when and where; summary: its facts; full: also "
        "attributes, events, input and output.",
    )

    fields = FieldNames(  # type: ignore[assignment]  # the metaclass takes it out of the class
        required=False,
        max_length=500,
        help_text=f"With a budget, without detail: names with commas between them, of: {', '.join(FIELDS)}.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Fails for a form without a budget, which would be ignored."""
        for name in {"detail", "fields"} & values.keys():
            if "budget" not in values:
                raise serializers.ValidationError({name: "It needs a budget."})
        if {"detail", "fields"} <= values.keys():
            raise serializers.ValidationError({"fields": "It does not go with detail."})
        return values
