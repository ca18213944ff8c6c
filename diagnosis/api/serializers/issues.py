"""The shape of one issue of a packet, for the OpenAPI document."""

from rest_framework import serializers

from diagnosis.api.serializers.issue_counts import (
    EnvironmentCountsSerializer,
    FurtherCountsSerializer,
    QuietSinceSerializer,
    RatingsSerializer,
    ReleaseCountsSerializer,
    SharedTracesSerializer,
)
from diagnosis.detection.rules import ALL_SIGNAL_TYPES
from diagnosis.issues.impact import SHARES_OF
from diagnosis.issues.trend import TRENDS
from diagnosis.models import Loop, Severity
from telemetry.api.serializers import ObjectSerializer, optional_number, optional_text
from tenants.api.serializers import SentencesSerializer

SEVERITIES = Severity.labels
STATUSES = ["new", "in_progress", "verified", "regression", "reopened", "rejected"]
LEVERS = ["prompt", "tools", "context", "retrieval", "orchestration", "guardrails", "model", "infra", "code"]


class SampledImpactSerializer(ObjectSerializer):
    """The sample of traces of which the counts are, and intervals of 95 % of what all traces would show."""

    traces_read = serializers.IntegerField(help_text="Traces that were looked at.")
    traces = serializers.IntegerField(help_text="Of so many in the window.")
    records = serializers.ListField(child=serializers.IntegerField(), help_text="Lowest and highest.")
    share = serializers.ListField(child=serializers.FloatField(), help_text="Lowest and highest.")


class ImpactSerializer(ObjectSerializer):
    """What a cluster cost in the window."""

    records = serializers.IntegerField(help_text="Failures that are charged to this kind.")
    traces = serializers.IntegerField(help_text="In which it happened.")
    sessions = serializers.IntegerField(help_text="Hit by it; a trace without a session is its own.")
    users = serializers.IntegerField(help_text="Hit by it, of those that records name.")
    operation_records = serializers.IntegerField(help_text="All records of the operation: the exposure.")
    share = serializers.FloatField(help_text="records of operation_records, 0 to 1.")
    share_of = serializers.ChoiceField(
        SHARES_OF,
        help_text="What operation_records counts: records of the operation, traces that a rule looked at, or ratings.",
    )
    tokens = serializers.IntegerField(help_text="In and out, of these traces. 0 where no record tells.")
    sampled = SampledImpactSerializer(allow_null=True, help_text="Null: everything was counted.")


class EchoesSerializer(ObjectSerializer):
    """Failures higher in the same traces, which only repeat this one."""

    records = serializers.IntegerField(help_text="How many.")
    operations = serializers.ListField(
        child=serializers.CharField(), help_text="Their operations, 10 at most."
    )


class ConditionSerializer(ObjectSerializer):
    """A value of an attribute."""

    attribute = serializers.CharField(help_text="As it was sent.")
    value = optional_text("Null: the record does not say.")


class HintSampleSerializer(ObjectSerializer):
    """The size of the sample of which a hint's numbers are estimates, and their intervals of 95 %."""

    failures_read = serializers.IntegerField(help_text="Failures of the cluster that were looked at.")
    records_read = serializers.IntegerField(
        help_text="Records of the operation that were, with these failures."
    )
    support = serializers.ListField(child=serializers.IntegerField(), help_text="Lowest and highest.")
    records = serializers.ListField(child=serializers.IntegerField(), help_text="Lowest and highest.")
    lift = serializers.ListField(child=serializers.FloatField(), help_text="Lowest and highest.")


class HintSerializer(ConditionSerializer):
    """What failing records share that other records of the operation do not."""

    also = ConditionSerializer(many=True, help_text="What must be there too; mostly empty, two at most.")
    support = serializers.IntegerField(help_text="Failures with it, in the whole window.")
    failures = serializers.IntegerField(
        required=False, help_text="All failures of the cluster. Not in hints of earlier versions."
    )
    records = serializers.IntegerField(help_text="Records of the operation with it, in the whole window.")
    operation_records = serializers.IntegerField(
        required=False, help_text="All records of the operation. Not in hints of earlier versions."
    )
    lift = serializers.FloatField(help_text="(support / records) / (failures / operation_records).")
    sampled = HintSampleSerializer(
        required=False,
        allow_null=True,
        help_text="Null: the numbers are counts of all records. Not in hints of earlier versions, whose numbers are "
        "those of a sample.",
    )


class ModelCallsSerializer(ObjectSerializer):
    """Record ids of the model calls around the evidence, where steps of an agent fail."""

    before = serializers.ListField(child=serializers.CharField(), help_text="What led to the failure.")
    after = serializers.ListField(child=serializers.CharField(), help_text="What had to deal with it.")


class CodeLocationSerializer(ObjectSerializer):
    """Where the code stood when it failed."""

    file = optional_text("As the stack or `code.file.path` names it.")
    line = optional_number("In that file, of the release that failed.")
    function = optional_text("As the language writes it.")
    own = serializers.BooleanField(
        help_text="The application's own code, and not its language's or a library's."
    )


class FailingCallSerializer(ObjectSerializer):
    """A captured call of the evidence that failed."""

    record_id = serializers.CharField(help_text="The record that has it whole.")
    unit = serializers.CharField(help_text="llm_call, tool_call, graph_node or retrieval.")
    tool = optional_text("What was called.")
    model = optional_text("What was called.")
    input = serializers.JSONField(
        help_text="What went in: any JSON; a text where it was cut; null where unknown."
    )
    output = serializers.JSONField(help_text="What came out: the same.")
    replayable = serializers.BooleanField(help_text="The call can be made again with this input.")
    truncated = serializers.BooleanField(
        help_text="Input or output is longer than 2,000 characters and cut there."
    )
    cut = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Of which only the beginning is here: the number of characters of the whole, by name.",
    )


class DifferenceSerializer(ObjectSerializer):
    """A value that a failing and a healthy record do not share. Untrusted text."""

    name = serializers.CharField(help_text="Dotted, as the record has it: attributes.cart.currency.")
    failing = optional_text("Of the failing record, 80 characters at most. Null: it lacks the value.")
    healthy = optional_text("Of the healthy one.")


class ContrastSerializer(ObjectSerializer):
    """The first failure beside the most similar healthy record of its operation."""

    failing_id = serializers.CharField(help_text="The first of evidence_ids.")
    healthy_id = serializers.CharField(help_text="A record that did not fail.")
    differences = DifferenceSerializer(
        many=True, help_text="What hints name first; without what the failure itself wrote."
    )
    left_out = serializers.IntegerField(help_text="Further values that differ; the records have them.")


class FailingInputSerializer(ObjectSerializer):
    """An input with which it failed. Untrusted text."""

    record_id = serializers.CharField(help_text="The first record that has it, whole.")
    count = serializers.IntegerField(help_text="Failures with it, of those looked at.")
    input = serializers.JSONField(
        help_text="What was captured, or the attributes of a span without a captured input; a text where it was cut."
    )
    truncated = serializers.BooleanField(help_text="It is longer than 200 characters and cut there.")


class FailingInputsSerializer(ObjectSerializer):
    """The distinct inputs with which it failed, most frequent first."""

    looked_at = serializers.IntegerField(help_text="Failures whose inputs were read.")
    distinct = serializers.IntegerField(help_text="Distinct inputs among these.")
    inputs = FailingInputSerializer(many=True, help_text="3 at most, and fewer if they are long.")


class PlanStepSerializer(SentencesSerializer):
    """One thing to do."""

    step = serializers.IntegerField(help_text="From 1, in order.")
    detail = serializers.CharField(
        help_text="With the call or the place that it needs. Values for `{names}` are in `with`."
    )


class PatchPlanSerializer(SentencesSerializer):
    """What a coding agent should do."""

    lever = serializers.ChoiceField(LEVERS, help_text="Where the one change acts.")
    steps = PlanStepSerializer(many=True, help_text="Ordered; built from facts of the evidence alone.")
    verify = serializers.CharField(help_text="What shows that the change worked.")
    refuted_by = serializers.CharField(help_text="What shows that the plan was wrong.")


class ApprovalSerializer(ObjectSerializer):
    """Where the human boundary stands."""

    state = serializers.ChoiceField(
        Loop.State.choices, allow_null=True, help_text="Of the loop. Null: the issue has none yet."
    )
    reason = optional_text("The latest decision's.")
    decided_by = optional_text("The person.")
    decided_at = serializers.DateTimeField(allow_null=True, help_text="Null: nobody has decided yet.")


class IssueSerializer(SentencesSerializer):
    """One cluster of the window."""

    title = serializers.CharField(
        help_text="The operation, and the shortest text that names the cause of the first record: its class once, "
        "and its message without what transports and frameworks put around it. 200 characters at most. Untrusted text."
    )
    severity = serializers.ChoiceField(SEVERITIES)
    severity_reason = serializers.CharField(
        help_text="The formula with its numbers. The severity is that in the window of the packet."
    )
    signal_type = serializers.ChoiceField(ALL_SIGNAL_TYPES)
    count = serializers.IntegerField(help_text="The same as impact.records.")
    evidence_ids = serializers.ListField(
        child=serializers.CharField(),
        help_text="Five records at most: the first, the latest, those that differ most.",
    )
    evidence = serializers.ListField(child=serializers.CharField(), help_text="The same as evidence_ids.")
    evidence_traces = serializers.DictField(
        help_text="session_id and user_id of each record of the evidence when it was diagnosed, by record id. "
        "Untrusted text."
    )
    evidence_url = serializers.CharField(help_text="All records of the cluster in the window, by cursor.")
    traces = serializers.ListField(
        child=serializers.CharField(), help_text="By first failure, 20 at most; of ratings, what was rated."
    )
    next_action = serializers.CharField(help_text="The call that comes next.")
    cluster_id = serializers.CharField(help_text="The kind of failure: the same in every window.")
    loop_id = optional_text("The life of its fix. Null: not proposed yet, see completeness.")
    status = serializers.ChoiceField(STATUSES)
    approval = ApprovalSerializer()
    operation = serializers.CharField(help_text="What ran, of the first record.")
    service = optional_text("Where it ran.")
    error_type = optional_text("The exception's class or the error's code.")
    message = optional_text("Of the first record, in one line. Untrusted text.")
    first_seen = serializers.DateTimeField(help_text="Over all time.")
    last_seen = serializers.DateTimeField(help_text="In the window.")
    trend = serializers.ChoiceField(
        TRENDS, help_text="Of the rate, against the window of the same length before."
    )
    trend_reason = optional_text("Why it is unclear; null if it is not.")
    quiet_since = QuietSinceSerializer(
        allow_null=True, help_text="Whether it still happens. Null of what the rules over windows found."
    )
    impact = ImpactSerializer()
    ratings = RatingsSerializer(
        allow_null=True, help_text="Null: it is not about ratings of POST /v1/feedback."
    )
    shared_traces = SharedTracesSerializer(
        many=True,
        help_text="Complaints of users about traces of this failure; of a complaint, the failures in the traces "
        "that it is about. Most traces first, 10 at most.",
    )
    environments = EnvironmentCountsSerializer(
        many=True, help_text="Where it fails and where its operations ran: 8 at most, most failures first."
    )
    further_environments = FurtherCountsSerializer(help_text="What the list leaves out.")
    releases = ReleaseCountsSerializer(many=True, help_text="Likewise, by release.")
    further_releases = FurtherCountsSerializer(help_text="What the list leaves out.")
    echoes = EchoesSerializer()
    hints = HintSerializer(many=True, help_text="Strongest first, 3 at most; often none.")
    suspected_release = optional_text(
        "The failures begin with its first traffic, and an older one was healthy. Often null."
    )
    suspected_release_reason = optional_text("What speaks for it.")
    code_location = CodeLocationSerializer(
        allow_null=True, help_text="Null: neither a stack nor an attribute says where."
    )
    failing_call = FailingCallSerializer(
        allow_null=True, help_text="Null: no call of the evidence was captured."
    )
    contrast = ContrastSerializer(
        allow_null=True,
        required=False,
        help_text="Null: no healthy record was found. Not on issues of earlier versions.",
    )
    failing_inputs = FailingInputsSerializer(
        allow_null=True,
        required=False,
        help_text="Null: no input is known. Not on issues of earlier versions.",
    )
    model_calls = ModelCallsSerializer()
    eval_candidate = serializers.CharField(help_text="GET /v1/evals/{id}: json, jsonl, pytest, promptfoo.")
    patch_plan = PatchPlanSerializer()
