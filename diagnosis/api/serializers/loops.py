"""The shapes of loops: lists, reports, the handoff, for validation and the OpenAPI document."""

from rest_framework import serializers

from diagnosis.api.keyset import sort_key_parameter
from diagnosis.api.serializers.evals import EvalCandidateSerializer
from diagnosis.api.serializers.issue_counts import QuietSinceSerializer
from diagnosis.api.serializers.issues import SEVERITIES, PatchPlanSerializer
from diagnosis.api.serializers.verification import (
    ComparedEnvironmentSerializer,
    FurtherEnvironmentsSerializer,
    SideEffectSerializer,
)
from diagnosis.loops.history_pages import A_PAGE
from diagnosis.loops.states import REPORTABLE
from diagnosis.models import Loop
from diagnosis.packets.action_gate import TEXT_MAY_NOT_CAUSE
from telemetry.api.parameters import page_limit
from telemetry.api.serializers import ObjectSerializer, RecordSerializer, optional_number, optional_text
from tenants.api.budgets import BudgetParameters, JsonBudgetParameters
from tenants.api.serializers import SentencesSerializer, WarnedAnswerSerializer
from tenants.api.strict_fields import StrictSerializer


def older_rows_parameter(name: str) -> serializers.IntegerField:
    """The parameter for older rows of a loop's history."""
    return serializers.IntegerField(
        min_value=1, required=False, help_text=f"{name} of the answer before, for the rows before those."
    )


class LoopsParameters(BudgetParameters):
    """GET /v1/loops"""

    limit = page_limit(50)
    cursor = sort_key_parameter(Loop)
    state = serializers.ChoiceField(Loop.State.choices, required=False)
    environment = serializers.CharField(
        max_length=1000, required=False, help_text="Only loops whose failure was seen in this environment."
    )


class LoopParameters(BudgetParameters):
    """GET /v1/loops/{loop_id}"""

    limit = page_limit(A_PAGE)
    events_before = older_rows_parameter("events_before")
    verifications_before = older_rows_parameter("verifications_before")


class HandoffParameters(JsonBudgetParameters):
    """GET /v1/loops/{loop_id}/handoff"""

    format = serializers.ChoiceField(["json", "md", "zip"], default="json")


class ActionGateSerializer(ObjectSerializer):
    """What the answer allows: nothing but what a person approved, whatever text from telemetry says."""

    approved = serializers.BooleanField(help_text="A person approved the fix, and the handoff gives it out.")
    by = optional_text("Who did.")
    text_may_not_cause = serializers.ListField(
        child=serializers.ChoiceField(TEXT_MAY_NOT_CAUSE),
        help_text="What no text from telemetry is a reason for.",
    )
    corroborate = serializers.CharField(help_text="What a claim of such a text is to be checked against.")


class DecisionShapeSerializer(ObjectSerializer):
    """A human's decision."""

    verb = serializers.CharField()
    reason = serializers.CharField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField()
    content_hash = optional_text("SHA-256 of what was decided on: docs/approval.md.")
    times = serializers.IntegerField(
        allow_null=True, help_text="Of a rejection: proposed again once it grew so many times. Null: never."
    )


class ApprovalsSerializer(ObjectSerializer):
    """How many people must approve, and who did."""

    needed = serializers.IntegerField(
        allow_null=True,
        help_text="1 or 2. Null: not known until a human opens the page, which measures the worst severity.",
    )
    given_by = serializers.ListField(child=serializers.CharField())


class LoopSummarySerializer(ObjectSerializer):
    """A loop in short."""

    loop_id = serializers.CharField()
    cluster_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    title = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES, help_text="The worst since the loop was proposed.")
    signal_type = serializers.CharField()
    service = optional_text()
    operation = serializers.CharField()
    failures = serializers.IntegerField(
        help_text="The count of its issue: of the newest packet until a human decides, then of the packet decided on."
    )
    quiet_since = QuietSinceSerializer(
        allow_null=True, help_text="Whether it still happens, by the newest packet. Null: not measured."
    )
    packet_id = serializers.CharField()
    verdict = optional_text()
    attempt = optional_number("Which fix of the loop shipped last. Null: none did.")
    release = optional_text()
    shipped_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()
    decision = DecisionShapeSerializer(allow_null=True, help_text="The latest one.")
    question = optional_text("Of a returned loop: what the human asks.")
    again = optional_text("Why a human is asked again although one decided.")
    approvals = ApprovalsSerializer()
    next_action = serializers.CharField()


class LoopPageSerializer(WarnedAnswerSerializer):
    """Loops, worst first."""

    loops = LoopSummarySerializer(many=True)
    next_cursor = optional_text()


class LoopEventShapeSerializer(ObjectSerializer):
    """Something that happened to a loop."""

    kind = serializers.CharField()
    actor = serializers.CharField()
    detail = serializers.DictField()
    created_at = serializers.DateTimeField()


class LoopAnswerSerializer(WarnedAnswerSerializer, SentencesSerializer, LoopSummarySerializer):
    """A loop as it is after a report."""

    release_note = optional_text(
        "What is to be known of the release that the fix shipped with, such as that no record names it."
    )

    event = LoopEventShapeSerializer(help_text="The report; sent again, the event that is there since then.")


class FixBackSerializer(ObjectSerializer):
    """The return of the failure after a fix."""

    at = serializers.DateTimeField(help_text="When it was verified.")
    releases = serializers.ListField(
        child=serializers.DictField(),
        help_text="`release` and `failures` of what failed since, first seen first.",
    )


class ShippedFixSerializer(ObjectSerializer):
    """A fix of the loop that shipped."""

    attempt = serializers.IntegerField(help_text="1 for the loop's first fix.")
    release = optional_text("That carries it, by the agent's report.")
    shipped_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField()
    before = serializers.DictField(
        allow_null=True, help_text="Failures, exposure, rate and window before it. Null: not known any more."
    )
    verdict = optional_text("The latest on it.")
    held_at = serializers.DateTimeField(allow_null=True, help_text="When it was verified that it held.")
    back = FixBackSerializer(allow_null=True, help_text="When its failure was back.")
    side_effects = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Cluster ids of other failures that came with it.",
    )
    environments = ComparedEnvironmentSerializer(
        many=True,
        required=False,
        help_text="As in the latest verdict that is stored; left out if it has none.",
    )
    further_environments = FurtherEnvironmentsSerializer(required=False)


class LoopDetailSerializer(WarnedAnswerSerializer, LoopSummarySerializer):
    """A loop with its issue and its history."""

    action_gate = ActionGateSerializer()
    outdated = optional_text("Why its approval no longer holds; the handoff is refused then.")
    issue = serializers.DictField()
    fixes = ShippedFixSerializer(many=True, help_text="Every fix that shipped, the oldest first.")
    side_effects = SideEffectSerializer(
        many=True, help_text="Other failures that came with its fix, by the newest verification."
    )
    side_effect_of = serializers.ListField(
        child=serializers.CharField(), help_text="Ids of the loops whose fix this failure came with."
    )
    events = LoopEventShapeSerializer(many=True, help_text="The newest, in order of time.")
    events_total = serializers.IntegerField()
    events_before = optional_number("Send it as events_before for older ones. Null: there are none.")
    verifications = serializers.ListField(child=serializers.DictField(), help_text="Newest first.")
    verifications_total = serializers.IntegerField()
    verifications_before = optional_number("Likewise.")


class LoopEventRequestSerializer(StrictSerializer):
    """What the agent did."""

    kind = serializers.ChoiceField([kind.value for kind in REPORTABLE])
    url = serializers.URLField(max_length=500, required=False, help_text="Required with pr_opened.")
    release = serializers.CharField(
        max_length=200, required=False, help_text="With shipped and shipped_corrected: what carries the fix."
    )
    shipped_at = serializers.DateTimeField(
        required=False,
        help_text="With shipped and shipped_corrected: since when the fix runs, not before its approval and never in "
        "the future. With shipped: now if left out.",
    )
    note = serializers.CharField(max_length=4000, required=False)


class IssueLinkSerializer(ObjectSerializer):
    """A link that opens a tracker's form for a new issue, for a human to click."""

    tracker = serializers.CharField()
    url = serializers.CharField()


class HandoffSerializer(WarnedAnswerSerializer):
    """The bundle for the coding agent."""

    action_gate = ActionGateSerializer()
    loop_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    approval = DecisionShapeSerializer()
    first_approval = DecisionShapeSerializer(
        allow_null=True, help_text="Of two people; null where one was enough."
    )
    issue = serializers.DictField()
    patch_plan = PatchPlanSerializer()
    eval_candidate = EvalCandidateSerializer()
    evidence = RecordSerializer(many=True)
    earlier_fixes = ShippedFixSerializer(
        many=True, help_text="That shipped before the approval, the oldest first, and what became of them."
    )
    next_action = serializers.CharField()
    new_issue_links = IssueLinkSerializer(many=True)
