"""The shapes of requests and answers about packets, loops and evals, for validation and the OpenAPI document."""

from rest_framework import serializers

from diagnosis.eval_formats import FORMATS
from diagnosis.loops import REPORTABLE
from diagnosis.models import Loop, Packet, Severity, Verification
from diagnosis.pages_of import place_in
from telemetry.meaning import SIGNAL_TYPES
from telemetry.parameters import Declared, Parameters, page_limit
from telemetry.serializers import Record, Shape, Window, text
from telemetry.windows import MAX_MINUTES
from tenants.serializers import ProjectSummary

SEVERITIES = Severity.labels
STATUSES = ["new", "in_progress", "verified", "regression", "rejected"]
LEVERS = ["prompt", "tools", "context", "retrieval", "orchestration", "guardrails", "model", "infra", "other"]


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


class Completeness(Shape):
    """How much of the window was read."""

    records_read = serializers.IntegerField()
    complete = serializers.BooleanField()
    note = serializers.CharField()


class Impact(Shape):
    """What a cluster cost in the window."""

    records = serializers.IntegerField()
    traces = serializers.IntegerField()
    sessions = serializers.IntegerField()
    users = serializers.IntegerField()
    operation_records = serializers.IntegerField(help_text="All records of the operation: the exposure.")
    share = serializers.FloatField(help_text="records of operation_records, 0 to 1.")


class Echoes(Shape):
    """Failures higher in the same traces, which only repeat this one."""

    records = serializers.IntegerField()
    operations = serializers.ListField(child=serializers.CharField())


class Hint(Shape):
    """What failing records share that healthy ones of the operation do not."""

    attribute = serializers.CharField()
    value = text("Null: the record does not say.")
    support = serializers.IntegerField(help_text="Failures with this value.")
    records = serializers.IntegerField(help_text="Records of the operation with this value.")
    lift = serializers.FloatField(help_text="Failure rate with the value over that of the operation.")


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
    eval_candidate = serializers.CharField()
    patch_plan = PatchPlan()


class DiagnosisPacket(Shape):
    """Bounded-window diagnosis result."""

    memory = Memory(many=True)
    packet_id = serializers.CharField()
    tenant_id = serializers.CharField()
    project_id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the published name; fields have one like it
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
    issues = Issue(many=True)


class DiagnosisResponse(Shape):
    """Diagnosis packet wrapper."""

    ok = serializers.BooleanField()
    packet = DiagnosisPacket()


class PacketSummary(Shape):
    """A packet in short."""

    packet_id = serializers.CharField()
    status = serializers.CharField()
    issues = serializers.IntegerField()
    failures = serializers.IntegerField()
    window = Window()
    created_at = serializers.DateTimeField()


class PacketsParameters(Declared):
    """GET /v1/packets"""

    limit = page_limit(50)
    cursor = place_in(Packet)


class LoopsParameters(Declared):
    """GET /v1/loops"""

    limit = page_limit(50)
    cursor = place_in(Loop)
    state = serializers.ChoiceField(Loop.State.choices, required=False)


class HandoffParameters(Declared):
    """GET /v1/loops/{loop_id}/handoff"""

    format = serializers.ChoiceField(["json", "md"], default="json")


class EvalParameters(Declared):
    """GET /v1/evals/{eval_id}"""

    format = serializers.ChoiceField(list(FORMATS), default="json")


class PacketPage(Shape):
    """Packets, newest first."""

    ok = serializers.BooleanField()
    packets = PacketSummary(many=True)
    next_cursor = text()


class DecisionShape(Shape):
    """A human's decision."""

    verb = serializers.CharField()
    reason = serializers.CharField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField()


class LoopSummary(Shape):
    """A loop in short."""

    loop_id = serializers.CharField()
    cluster_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    title = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    signal_type = serializers.CharField()
    service = text()
    operation = serializers.CharField()
    failures = serializers.IntegerField()
    packet_id = serializers.CharField()
    verdict = text()
    release = text()
    shipped_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()
    decision = DecisionShape(allow_null=True)
    next_action = serializers.CharField()


class LoopAnswer(LoopSummary):
    """A loop as it is after a report."""

    ok = serializers.BooleanField()


class LoopPage(Shape):
    """Loops, worst first."""

    ok = serializers.BooleanField()
    loops = LoopSummary(many=True)
    next_cursor = text()


class LoopEventShape(Shape):
    """Something that happened to a loop."""

    kind = serializers.CharField()
    actor = serializers.CharField()
    detail = serializers.DictField()
    created_at = serializers.DateTimeField()


class LoopDetail(LoopSummary):
    """A loop with its issue and its history."""

    ok = serializers.BooleanField()
    issue = serializers.DictField()
    events = LoopEventShape(many=True)
    verifications = serializers.ListField(child=serializers.DictField())


class LoopEventRequest(Declared):
    """What the agent did."""

    kind = serializers.ChoiceField([kind.value for kind in REPORTABLE])
    url = serializers.URLField(max_length=500, required=False)
    release = serializers.CharField(
        max_length=200, required=False, help_text="With shipped: what carries the fix."
    )
    shipped_at = serializers.DateTimeField(
        required=False,
        help_text="With shipped: since when the fix runs. Now if left out; never in the future.",
    )
    note = serializers.CharField(max_length=4000, required=False)


class EvalCase(Shape):
    """One failing call."""

    record_id = serializers.CharField()
    input = serializers.JSONField(help_text="Any JSON; null where unknown.")
    output = serializers.JSONField(help_text="Any JSON; null where unknown.")
    expected = serializers.JSONField(help_text="Any JSON; null where unknown.")
    replayable = serializers.BooleanField()
    tool = text()
    model = text()
    failure = text()


class EvalCandidate(Shape):
    """A test that would catch the failure."""

    eval_id = serializers.CharField()
    cluster_id = serializers.CharField()
    title = serializers.CharField()
    operation = serializers.CharField()
    unit = text()
    expectation = serializers.CharField()
    cases = EvalCase(many=True)


class EvalAnswer(EvalCandidate):
    """A candidate as it is answered."""

    ok = serializers.BooleanField()


class EvalResultRequest(Declared):
    """How a run of an eval ended."""

    eval_id = serializers.CharField(max_length=120)
    passed = serializers.BooleanField()
    release = serializers.CharField(max_length=200, required=False, default="")
    detail = serializers.CharField(max_length=4000, required=False, default="")


class EvalResultAnswer(Shape):
    """The result, kept."""

    ok = serializers.BooleanField()
    eval_id = serializers.CharField()
    passed = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class Handoff(Shape):
    """The bundle for the coding agent."""

    ok = serializers.BooleanField()
    warning = serializers.CharField()
    loop_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    approval = DecisionShape()
    issue = serializers.DictField()
    patch_plan = PatchPlan()
    eval_candidate = EvalCandidate()
    evidence = Record(many=True)
    next_action = serializers.CharField()


class VerifyRequest(Declared):
    """Which loop to judge."""

    loop_id = serializers.CharField(max_length=24)


class Counted(Shape):
    """Failures over exposure in a window."""

    failures = serializers.IntegerField()
    exposure = serializers.IntegerField(help_text="Records of the operation.")
    rate = serializers.FloatField(allow_null=True)
    window = serializers.DictField()


class VerifyAnswer(Shape):
    """A verdict with what it rests on."""

    ok = serializers.BooleanField()
    loop_id = serializers.CharField()
    state = serializers.ChoiceField(Loop.State.choices)
    verdict = serializers.ChoiceField(Verification.Verdict.choices)
    reason = serializers.CharField()
    needed = text("What is still missing for a held verdict.")
    before = Counted()
    after = Counted()
    ratio = serializers.DictField(help_text="Rate after over rate before: estimate, low, high.")
    confidence = serializers.FloatField()
    evidence_ids = serializers.ListField(child=serializers.CharField(), help_text="Failures after the fix.")


class OperationRow(Shape):
    """One operation of the window."""

    service = text()
    operation = serializers.CharField()
    records = serializers.IntegerField()
    failures = serializers.IntegerField()
    share = serializers.FloatField()
    p95_ms = serializers.FloatField(help_text="Upper bound of the bucket that holds it.")


class Counts(Shape):
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
    counts = Counts()
    tallies = serializers.DictField(
        child=serializers.IntegerField(), help_text="Spans by what became of them."
    )
    operations = OperationRow(many=True)
    packet = DiagnosisPacket(allow_null=True)
    loops = LoopSummary(many=True)
    sessions = serializers.ListField(child=serializers.DictField(), help_text="The latest failing sessions.")
