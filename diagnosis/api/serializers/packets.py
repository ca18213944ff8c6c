"""The shapes of diagnoses and packets, for validation and the OpenAPI document."""

from rest_framework import serializers

from diagnosis.api.keyset import place_in
from diagnosis.api.serializers.issues import IssueSerializer
from diagnosis.api.serializers.loops import DecisionShape
from diagnosis.models import Loop, Packet
from telemetry.api import parameters
from telemetry.api.parameters import Declared, Parameters, Parsed, page_limit
from telemetry.api.serializers import Shape, Window, text
from telemetry.grouping.fingerprint import of_cluster_id
from telemetry.reads import cursors
from telemetry.windows import MAX_MINUTES


class DiagnoseRequest(Parameters):
    """The window to diagnose."""

    since_minutes = serializers.IntegerField(min_value=1, max_value=MAX_MINUTES, default=60)


class Memory(Shape):
    """A loop of the past, in short."""

    loop_id = serializers.CharField()
    cluster_id = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    verdict = text()
    release = text()
    since = serializers.DateTimeField()
    note = serializers.CharField()
    decision = DecisionShape(
        allow_null=True, help_text="The latest one: of a regression, the one in question."
    )
    evidence_ids = serializers.ListField(
        child=serializers.CharField(), help_text="Of a regression: records of the failure that came back."
    )


class Completeness(Shape):
    """How much of the window was read."""

    records_read = serializers.IntegerField()
    complete = serializers.BooleanField()
    note = serializers.CharField()


class DiagnosisPacket(Shape):
    """Bounded-window diagnosis result."""

    memory = Memory(many=True)
    packet_id = serializers.CharField()
    tenant_id = serializers.CharField()
    project_id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the published name, which hides an attribute of fields
    status = serializers.ChoiceField(["ready_for_issue_diagnosis", "observe_more"])
    reason = serializers.CharField(allow_blank=True, help_text="Why there is nothing to work on.")
    next_action = serializers.CharField()
    since_minutes = serializers.IntegerField()
    window = Window()
    completeness = Completeness()
    telemetry_read = serializers.IntegerField()
    failures = serializers.IntegerField()
    approval_required = serializers.BooleanField()
    approval_reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    issues = IssueSerializer(many=True)


class DiagnosisResponse(Shape):
    """Diagnosis packet wrapper."""

    ok = serializers.BooleanField()
    packet = DiagnosisPacket()


class PacketsParameters(Declared):
    """GET /v1/packets"""

    limit = page_limit(50)
    cursor = place_in(Packet)


class EvidenceParameters(Parameters):
    """GET /v1/evidence"""

    cluster_id = Parsed(
        "^clu_[0-9a-f]{16}$", of_cluster_id, source="fingerprint", help_text="Of an issue in this window."
    )
    limit = page_limit(100)
    cursor = parameters.place_in(cursors.RECORDS)


class PacketSummary(Shape):
    """A packet in short."""

    packet_id = serializers.CharField()
    status = serializers.CharField()
    issues = serializers.IntegerField()
    failures = serializers.IntegerField()
    window = Window()
    created_at = serializers.DateTimeField()


class PacketPage(Shape):
    """Packets, newest first."""

    ok = serializers.BooleanField()
    packets = PacketSummary(many=True)
    next_cursor = text()
