"""The parameters of how much of each record an answer with a budget shows."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.api.budgets import BudgetParameters

LINE, SUMMARY, FULL = "line", "summary", "full"
DETAILS = (LINE, SUMMARY, FULL)


class RecordFormParameters(BudgetParameters):
    """The budget, and the form of each record in it."""

    detail = serializers.ChoiceField(
        DETAILS,
        required=False,
        help_text="With a budget. line, if left out: what failed, when and where; summary: its facts; full: also "
        "attributes, events, input and output.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Fails for a form without a budget, which would be ignored."""
        if "detail" in values and "budget" not in values:
            raise serializers.ValidationError({"detail": "It needs a budget."})
        return values
