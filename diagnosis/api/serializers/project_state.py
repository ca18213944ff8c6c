"""The shape of the project's state, for the OpenAPI document."""

from rest_framework import serializers

from diagnosis.api.serializers.loops import LoopSummary
from diagnosis.api.serializers.packets import DiagnosisPacket
from telemetry.api.ledger_views import LedgerEntry
from telemetry.api.serializers import Shape, Window, text
from tenants.api.serializers import ProjectSummary


class OperationRow(Shape):
    """One operation of the window."""

    service = text()
    operation = serializers.CharField()
    records = serializers.IntegerField()
    failures = serializers.IntegerField()
    share = serializers.FloatField()
    p95_ms = serializers.FloatField(help_text="Upper bound of the bucket that holds it.")


class CountsSerializer(Shape):
    """What the window holds."""

    records = serializers.IntegerField()
    failures = serializers.IntegerField()
    traces = serializers.IntegerField()
    sessions = serializers.IntegerField()
    stored_total = serializers.IntegerField()
    quota_spans = serializers.IntegerField(allow_null=True)


class Dashboard(Shape):
    """The project's state."""

    ok = serializers.BooleanField()
    project = ProjectSummary()
    window = Window()
    counts = CountsSerializer()
    tallies = serializers.DictField(
        child=serializers.IntegerField(), help_text="Counts by what became of what was sent; see `ledger`."
    )
    ledger = LedgerEntry(many=True, help_text="The same in words; `count` is of the last 24 hours.")
    operations = OperationRow(many=True)
    packet = DiagnosisPacket(allow_null=True)
    loops = LoopSummary(many=True)
    sessions = serializers.ListField(child=serializers.DictField(), help_text="The latest failing sessions.")
