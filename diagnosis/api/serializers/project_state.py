"""The shape of the project's state, for the OpenAPI document."""

from rest_framework import serializers

from diagnosis.api.serializers.loops import LoopSummarySerializer
from diagnosis.api.serializers.packets import DiagnosisPacketSerializer
from diagnosis.api.serializers.unseen import UnseenSerializer
from telemetry.api.ledger_views import LedgerEntrySerializer
from telemetry.api.serializers import ObjectSerializer, WindowSerializer, optional_text
from tenants.api.serializers import ProjectSummarySerializer, WarnedAnswerSerializer


class OperationRowSerializer(ObjectSerializer):
    """One operation of the window."""

    service = optional_text()
    operation = serializers.CharField()
    records = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Failed records: failures with what they caused.")
    share = serializers.FloatField()
    p95_ms = serializers.FloatField(
        help_text="Interpolated in the bucket of durations that holds it, to three digits, and never shorter or longer "
        "than every record; where the bounds are equal, the duration of a record."
    )
    p95_between_ms = serializers.ListField(
        child=serializers.FloatField(),
        help_text="Two bounds of it that are certain: where its bucket begins, and the longest duration in that; equal "
        "where it is exact.",
    )


class CountsSerializer(ObjectSerializer):
    """What the window holds."""

    records = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Failed records: failures with what they caused.")
    traces = serializers.IntegerField()
    sessions = serializers.IntegerField()
    stored_total = serializers.IntegerField()
    quota_spans = serializers.IntegerField(allow_null=True)


class DashboardSerializer(WarnedAnswerSerializer):
    """The project's state."""

    project = ProjectSummarySerializer()
    window = WindowSerializer()
    counts = CountsSerializer()
    tallies = serializers.DictField(
        child=serializers.IntegerField(), help_text="Counts by what became of what was sent; see `ledger`."
    )
    unseen = UnseenSerializer(many=True, help_text="What came in the window's hours and may not be in it.")
    unseen_note = serializers.CharField(allow_blank=True, help_text="The same in a sentence.")
    ledger = LedgerEntrySerializer(many=True, help_text="The same in words; `count` is of the last 24 hours.")
    operations = OperationRowSerializer(many=True)
    packet = DiagnosisPacketSerializer(allow_null=True)
    loops = LoopSummarySerializer(many=True)
    sessions = serializers.ListField(child=serializers.DictField(), help_text="The latest failing sessions.")
