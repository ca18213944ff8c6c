"""The shape of one issue of a packet, for the OpenAPI document."""

from rest_framework import serializers

from diagnosis.models import Loop, Severity
from telemetry.meaning import SIGNAL_TYPES
from telemetry.serializers import Shape, text

SEVERITIES = Severity.labels
STATUSES = ["new", "in_progress", "verified", "regression", "reopened", "rejected"]
LEVERS = ["prompt", "tools", "context", "retrieval", "orchestration", "guardrails", "model", "infra", "other"]


class Impact(Shape):
    """What a cluster cost in the window."""

    records = serializers.IntegerField()
    traces = serializers.IntegerField()
    sessions = serializers.IntegerField()
    users = serializers.IntegerField()
    operation_records = serializers.IntegerField(help_text="All records of the operation: the exposure.")
    share = serializers.FloatField(help_text="records of operation_records, 0 to 1.")
    tokens = serializers.IntegerField(help_text="In and out, of these traces. 0 where no record tells.")


class Echoes(Shape):
    """Failures higher in the same traces, which only repeat this one."""

    records = serializers.IntegerField()
    operations = serializers.ListField(child=serializers.CharField())


class Condition(Shape):
    """A value of an attribute."""

    attribute = serializers.CharField()
    value = text("Null: the record does not say.")


class Hint(Condition):
    """What failing records share that healthy ones of the operation do not."""

    also = Condition(many=True, help_text="What must be there too; mostly empty.")
    support = serializers.IntegerField(help_text="Failures with it, among those looked at.")
    records = serializers.IntegerField(help_text="Records of the operation with it, among those looked at.")
    lift = serializers.FloatField(help_text="Failure rate with the value over that of the operation.")


class ModelCalls(Shape):
    """Record ids of the model calls around the evidence, where steps of an agent fail."""

    before = serializers.ListField(child=serializers.CharField(), help_text="What led to the failure.")
    after = serializers.ListField(child=serializers.CharField(), help_text="What had to deal with it.")


class PlanStep(Shape):
    step = serializers.IntegerField()
    detail = serializers.CharField()


class PatchPlan(Shape):
    """What a coding agent should do."""

    lever = serializers.ChoiceField(LEVERS)
    steps = PlanStep(many=True)
    verify = serializers.CharField()
    refuted_by = serializers.CharField()


class Approval(Shape):
    """Where the human boundary stands."""

    state = serializers.ChoiceField(Loop.State.choices)
    reason = text()
    decided_by = text()
    decided_at = serializers.DateTimeField(allow_null=True)


class Issue(Shape):
    """One cluster of the window."""

    title = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    severity_reason = serializers.CharField()
    signal_type = serializers.ChoiceField(SIGNAL_TYPES)
    count = serializers.IntegerField()
    evidence_ids = serializers.ListField(child=serializers.CharField())
    evidence = serializers.ListField(child=serializers.CharField(), help_text="The same as evidence_ids.")
    traces = serializers.ListField(child=serializers.CharField())
    next_action = serializers.CharField()
    cluster_id = serializers.CharField()
    loop_id = serializers.CharField()
    status = serializers.ChoiceField(STATUSES)
    approval = Approval()
    operation = serializers.CharField()
    service = text()
    error_type = text()
    message = text()
    first_seen = serializers.DateTimeField(help_text="Over all time.")
    last_seen = serializers.DateTimeField()
    trend = serializers.ChoiceField(["new", "rising", "steady", "falling"])
    impact = Impact()
    echoes = Echoes()
    hints = Hint(many=True)
    model_calls = ModelCalls()
    eval_candidate = serializers.CharField()
    patch_plan = PatchPlan()
