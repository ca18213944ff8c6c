"""The endpoint of the drop ledger: what was not stored, or not as it was sent, by reason, with the remedy."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from telemetry import ledger
from telemetry.api.parameters import Parameters, minutes
from telemetry.api.parsed_query import checked_query, window
from telemetry.api.read_views import REFUSED
from telemetry.api.serializers import ObjectSerializer, WindowSerializer
from tenants.api.budgets import BUDGETED, BudgetParameters
from tenants.api.project_view import AgentView
from tenants.api.serializers import WarnedAnswerSerializer


class LedgerParameters(BudgetParameters, Parameters):
    """GET /v1/ledger"""

    default_minutes: ClassVar[int] = 1440
    since_minutes = minutes("Length of the window in minutes, over times of arrival. 1440 if left out.")


class ConflictingRecordSerializer(ObjectSerializer):
    """A record of which another version came."""

    record_id = serializers.CharField()
    arrived_at = serializers.DateTimeField(help_text="When the last such version came.")
    differs_in = serializers.ListField(child=serializers.CharField(), help_text="Names of fields.")
    failed = serializers.BooleanField(help_text="Whether that version failed.")


class OddSenderSerializer(ObjectSerializer):
    """A sender of spans whose times are not those of their arrival."""

    service = serializers.CharField(allow_blank=True)
    host = serializers.CharField(allow_null=True, help_text="As its resource names it.")
    count = serializers.IntegerField(help_text="Of such spans, since the project began.")
    cause = serializers.CharField(help_text="The likely one.")
    offset_seconds = serializers.IntegerField(
        allow_null=True, help_text="Of its clock, ahead if positive, by the last request with such spans."
    )
    first_start = serializers.DateTimeField(help_text="The earliest start of these spans.")
    last_start = serializers.DateTimeField(help_text="The latest one.")
    arrived_at = serializers.DateTimeField(help_text="When the last of them came.")


class LedgerEntrySerializer(ObjectSerializer):
    """One reason."""

    reason = serializers.CharField()
    unit = serializers.ChoiceField(
        ["spans", "requests", "values", "items"], help_text="What the counts count."
    )
    count = serializers.IntegerField(help_text="In the window.")
    missing = serializers.IntegerField(help_text="Of `count`, how many may not be in the window.")
    total = serializers.IntegerField(help_text="Since the project began.")
    meaning = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)
    records = ConflictingRecordSerializer(
        many=True, help_text="The records, for `conflicting_version`: the newest of the window, 20 at most."
    )
    senders = OddSenderSerializer(
        many=True, help_text="The senders, for reasons that begin with `time_`: the newest, 20 at most."
    )


class LedgerHourSerializer(ObjectSerializer):
    """One hour of arrival."""

    hour = serializers.DateTimeField(help_text="When it began.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By reason.")


class LedgerSerializer(WarnedAnswerSerializer):
    """What became of everything that was sent."""

    window = WindowSerializer()
    entries = LedgerEntrySerializer(many=True)
    hours = LedgerHourSerializer(
        many=True, help_text="Newest first; hours in which nothing came are left out."
    )


class LedgerView(AgentView):
    """The ledger of the key's project."""

    @extend_schema(
        operation_id="read_ledger",
        summary="Read what was not stored, or not stored as it was sent, by reason and hour of arrival",
        description="An hour counts if it is partly in the window. Reasons come with their meaning and remedy.",
        parameters=[LedgerParameters],
        responses={
            200: OpenApiResponse(LedgerSerializer, description="Counts by reason, and by hour"),
            **BUDGETED,
            **REFUSED,
        },
    )
    def get(self, request: Request) -> Response:
        """Return the counts of the window and those since the project began."""
        period = window(
            checked_query(LedgerParameters, request), LedgerParameters.default_minutes, timezone.now()
        )
        rows = [asdict(entry) for entry in ledger.ledger_entries(period)]
        return Response(
            {"ok": True, "window": period.shown(), "entries": rows, "hours": ledger.by_hour(period)}
        )
