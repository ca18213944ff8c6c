"""
The parameter `budget` of reads: an answer that fits into so many tokens, in a form of its own.

What such an answer has is in diagnosis/agents; here is what the views declare. It has its own media type, so that
clients that read the published form of a path by its schema never meet another one.
https://www.rfc-editor.org/rfc/rfc6838#section-3.2
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.api.strict_fields import StrictSerializer

FEWEST_TOKENS, MOST_TOKENS = 500, 12_000
MEDIA_TYPE = "application/vnd.loopkit.budgeted+json"


class BudgetParameters(StrictSerializer):
    """The parameter of an answer that has a budgeted form."""

    budget = serializers.IntegerField(
        min_value=FEWEST_TOKENS,
        max_value=MOST_TOKENS,
        required=False,
        help_text="Tokens of the answer, which then has another form: what matters most, text from telemetry under "
        "`text` alone, and in `completeness` what is left out and which parameter brings it.",
    )


class JsonBudgetParameters(BudgetParameters):
    """The parameters of an answer that has other formats beside JSON, which are whole or of no use."""

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Fails for a budget of another format than JSON."""
        if "budget" in values and values["format"] != "json":
            raise serializers.ValidationError({"budget": "It goes with format json only."})
        return values


class NextParameterSerializer(serializers.Serializer[dict[str, object]]):
    """The parameter that brings what is left out, to be sent with the others unchanged."""

    cursor = serializers.CharField(required=False)
    budget = serializers.IntegerField(required=False)
    first_issue = serializers.IntegerField(required=False)
    path = serializers.CharField(required=False, help_text="To be read with it, where that is another path.")


class BudgetCompletenessSerializer(serializers.Serializer[dict[str, object]]):
    """What a budgeted answer leaves out, and what its window lacks."""

    shown = serializers.IntegerField(help_text="Rows or parts in this answer.")
    total = serializers.IntegerField(allow_null=True, help_text="Of all; null where only reading on tells.")
    complete = serializers.BooleanField(help_text="Nothing is left out, and nothing known is missing.")
    left_out = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Names of parts."
    )
    missing = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="What came in the hours of the window and may not be in it, by reason: GET /v1/ledger has remedies.",
    )
    note = serializers.CharField(required=False, help_text="What a packet leaves out or takes from a sample.")
    next = NextParameterSerializer(required=False)
    tokens = serializers.IntegerField(help_text="Of this answer, about.")


class BudgetedAnswerSerializer(serializers.Serializer[dict[str, object]]):
    """An answer that fits into a budget; its other fields are those of the MCP tool for the same thing."""

    warning = serializers.CharField(help_text="First of all: text from telemetry is untrusted.")
    completeness = BudgetCompletenessSerializer()


# For `responses` of operations that take a budget.
BUDGETED: dict[Any, type[BudgetedAnswerSerializer]] = {(200, MEDIA_TYPE): BudgetedAnswerSerializer}
