"""The query parameters of reads, with their bounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

from telemetry.api.record_forms import RecordFormParameters
from telemetry.grouping import fingerprint
from telemetry.reads import cursors, filters, record_json
from telemetry.signals import RECORD_SIGNAL_TYPES
from telemetry.spans import record_ids
from telemetry.windows import EPOCH, MAX_MINUTES
from tenants.api.budgets import BudgetParameters
from tenants.api.strict_fields import StrictSerializer

FURTHEST = datetime(2262, 1, 1, tzinfo=UTC)  # nanoseconds in a signed 64-bit column end in that year
MAX_LIMIT = 500


class ParsedField(serializers.RegexField):
    """A text field whose value is what `parse` returns for the text; None means that the text is invalid."""

    def __init__(self, regex: str, parse: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(regex, **kwargs)
        self.parse = parse

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the parsed value. Fails with the field's error for a wrong form."""
        text = super().run_validation(data)
        value = self.parse(text)
        if value is None:
            self.fail("invalid")
        return value


def minutes(help_text: str) -> serializers.IntegerField:
    """Return the field for the length of a window, which may be left out."""
    return serializers.IntegerField(min_value=1, max_value=MAX_MINUTES, required=False, help_text=help_text)


class Parameters(StrictSerializer):
    """The parameters of a window."""

    default_minutes: ClassVar[int] = 60
    since_minutes = minutes(
        "Length of the window in minutes. 60 if left out; an id reaches further back by itself."
    )
    until = serializers.DateTimeField(
        required=False,
        validators=[MinValueValidator(EPOCH), MaxValueValidator(FURTHEST)],
        help_text="End of the window, RFC 3339. Now if left out; an earlier one reads a past window again.",
    )


class ListParameters(Parameters):
    """The filters of records, or of sessions by their records."""

    environment = serializers.CharField(required=False, trim_whitespace=False)
    service = serializers.CharField(required=False, trim_whitespace=False)
    operation = serializers.CharField(required=False, trim_whitespace=False)
    signal_type = serializers.ChoiceField(RECORD_SIGNAL_TYPES, required=False)
    outcome = serializers.ChoiceField([record_json.OK, record_json.FAILURE], required=False)
    session_id = serializers.CharField(
        required=False, trim_whitespace=False, help_text="A session id or a trace id. Reaches back 30 days."
    )
    trace_id = ParsedField(
        "^[0-9a-fA-F]{32}$", bytes.fromhex, required=False, help_text="Reaches back without end."
    )
    record_id = ParsedField(
        "^rec_[0-9a-fA-F]{48}$",
        record_ids.parse_record_id,
        required=False,
        help_text="Reaches back without end.",
    )
    cluster_id = ParsedField(
        "^clu_[0-9a-f]{16}$",
        fingerprint.of_cluster_id,
        source="fingerprint",
        required=False,
        help_text="Its failures, as `count` of its issue counts them.",
    )


def page_limit(default: int) -> serializers.IntegerField:
    """Return the field for the maximum number of rows in an answer."""
    return serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=default)


def cursor_parameter(parse: Callable[[str], Any], help_text: str) -> ParsedField:
    """Return the field for the cursor of the previous answer, whose opaque text `parse` reads; None if it cannot."""
    return ParsedField("^[A-Za-z0-9_-]+$", parse, required=False, help_text=help_text)


def window_cursor_parameter(kind: bytes) -> ParsedField:
    """Return the field for a cursor that keeps the window of its list."""
    return cursor_parameter(
        partial(cursors.parse_cursor, kind=kind),
        "next_cursor of the answer before. It keeps that answer's window; send the same filters.",
    )


class TelemetryParameters(RecordFormParameters, ListParameters):
    """GET /v1/telemetry"""

    attribution = serializers.ChoiceField(
        filters.ATTRIBUTIONS,
        required=False,
        help_text="With cluster_id. primary, if left out: the failures that the cluster counts. downstream: the "
        "records that failed because of them, `echoes` of its issue, whatever their own cluster_id. "
        "with_downstream: both. any: every record with this cluster_id, also where another failure caused that.",
    )
    limit = page_limit(100)
    cursor = window_cursor_parameter(cursors.RECORDS)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Fails for an attribution to no cluster."""
        if "attribution" in values and "fingerprint" not in values:
            raise serializers.ValidationError({"attribution": "It needs a cluster_id."})
        return super().validate(values)


class SessionsParameters(BudgetParameters, ListParameters):
    """GET /v1/sessions"""

    limit = page_limit(50)
    cursor = window_cursor_parameter(cursors.SESSIONS)


class SessionParameters(BudgetParameters, Parameters):
    """GET /v1/sessions/{id}"""

    default_minutes = MAX_MINUTES
    limit = page_limit(500)
    cursor = window_cursor_parameter(cursors.TURNS)
