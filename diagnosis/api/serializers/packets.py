"""The shapes of diagnoses and packets, for validation and the OpenAPI document."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

from diagnosis.api.keyset import sort_key_parameter
from diagnosis.api.serializers.issues import IssueSerializer
from diagnosis.api.serializers.loops import ActionGateSerializer, DecisionShapeSerializer
from diagnosis.api.serializers.unseen import UnseenSerializer
from diagnosis.models import Loop, Packet
from telemetry.api import parameters
from telemetry.api.parameters import Parameters, ParsedField, page_limit
from telemetry.api.record_forms import RecordFormParameters
from telemetry.api.serializers import ObjectSerializer, WindowSerializer, optional_text
from telemetry.grouping.fingerprint import of_cluster_id
from telemetry.reads import cursors
from telemetry.windows import EPOCH, MAX_MINUTES
from tenants.api.budgets import BudgetParameters
from tenants.api.serializers import WarnedAnswerSerializer


class DiagnoseRequest(Parameters):
    """The window to diagnose."""

    since_minutes = serializers.IntegerField(min_value=1, max_value=MAX_MINUTES, default=60)
    until = serializers.DateTimeField(
        required=False,
        validators=[MinValueValidator(EPOCH), MaxValueValidator(parameters.FURTHEST)],
        help_text="End of the window, RFC 3339. Now if left out; an earlier one reads a past window again. Up to 6 "
        "minutes ahead is taken as now; later is refused.",
    )


class MemorySerializer(ObjectSerializer):
    """A loop of the past, in short."""

    loop_id = serializers.CharField()
    cluster_id = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    verdict = optional_text()
    release = optional_text()
    since = serializers.DateTimeField(help_text="When something last happened to it.")
    note = serializers.CharField()
    decision = DecisionShapeSerializer(
        allow_null=True, help_text="The latest one: of a regression, the one in question."
    )
    side_effects = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Cluster ids of other failures that came with its fix. Not on packets of earlier versions.",
    )
    evidence_ids = serializers.ListField(
        child=serializers.CharField(), help_text="Of a regression: records of the failure that came back."
    )


class MissingCountsSerializer(ObjectSerializer):
    """Records of which a part could not be read."""

    span = serializers.IntegerField(required=False)
    resource = serializers.IntegerField(required=False)
    scope = serializers.IntegerField(required=False)
    trace = serializers.IntegerField(required=False)
    columns = serializers.IntegerField(required=False)


class CompletenessSerializer(ObjectSerializer):
    """How much of the window was read."""

    records_read = serializers.IntegerField()
    complete = serializers.BooleanField()
    note = serializers.CharField()
    unseen = UnseenSerializer(
        many=True,
        required=False,
        help_text="What came in the window's hours and may not be in it. Not on packets of earlier versions.",
    )
    missing = MissingCountsSerializer(
        required=False,
        help_text="Only for a damaged store: the number of records by the part that they lack.",
    )


class DiagnosisPacketSerializer(ObjectSerializer):
    """Bounded-window diagnosis result."""

    warning = serializers.CharField(help_text="First of all: text from telemetry is untrusted.")
    memory = MemorySerializer(many=True)
    packet_id = serializers.CharField()
    tenant_id = serializers.CharField()
    project_id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the published name, which hides an attribute of fields
    status = serializers.ChoiceField(["ready_for_issue_diagnosis", "observe_more"])
    reason = serializers.CharField(allow_blank=True, help_text="Why there is nothing to work on.")
    next_action = serializers.CharField()
    since_minutes = serializers.IntegerField()
    window = WindowSerializer()
    completeness = CompletenessSerializer()
    telemetry_read = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Failed records: failures with what they caused.")
    action_gate = ActionGateSerializer()
    approval_required = serializers.BooleanField()
    approval_reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    issues = IssueSerializer(many=True)


class DiagnosisResponseSerializer(WarnedAnswerSerializer):
    """Diagnosis packet wrapper."""

    packet = DiagnosisPacketSerializer()


class PacketsParameters(BudgetParameters):
    """GET /v1/packets"""

    limit = page_limit(50)
    cursor = sort_key_parameter(Packet)


class PacketParameters(BudgetParameters):
    """GET /v1/packets/{packet_id}"""

    first_issue = serializers.IntegerField(
        min_value=0,
        max_value=100_000,
        required=False,
        help_text="With a budget: how many issues come before these.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Fails for a place in the issues without a budget, with which all are there."""
        if "first_issue" in values and "budget" not in values:
            raise serializers.ValidationError({"first_issue": "It needs a budget."})
        return values


class IssueAnswerSerializer(WarnedAnswerSerializer):
    """One issue of a packet."""

    action_gate = ActionGateSerializer()
    issue = IssueSerializer()


class DashboardParameters(BudgetParameters, Parameters):
    """GET /v1/dashboard"""


class EvidenceParameters(RecordFormParameters, Parameters):
    """GET /v1/evidence"""

    cluster_id = ParsedField(
        "^clu_[0-9a-f]{16}$", of_cluster_id, source="fingerprint", help_text="Of an issue in this window."
    )
    limit = page_limit(100)
    cursor = parameters.window_cursor_parameter(cursors.RECORDS)


class PacketSummarySerializer(ObjectSerializer):
    """A packet in short."""

    packet_id = serializers.CharField()
    status = serializers.CharField()
    issues = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Failed records: failures with what they caused.")
    window = WindowSerializer()
    created_at = serializers.DateTimeField()


class PacketPageSerializer(WarnedAnswerSerializer):
    """Packets, newest first."""

    packets = PacketSummarySerializer(many=True)
    next_cursor = optional_text()
