"""The shapes of the answers to reads, for the OpenAPI document."""

from rest_framework import serializers

from telemetry.failures import cancellations
from telemetry.reads import record_json
from telemetry.signals import RECORD_SIGNAL_TYPES
from telemetry.store.unreadable_parts import PARTS
from tenants.api.serializers import WarnedAnswerSerializer

OUTCOMES = (record_json.OK, record_json.FAILURE)
ObjectSerializer = serializers.Serializer[dict[str, object]]


def optional_text(help_text: str = "") -> serializers.CharField:
    """Return a text field that is null where the text is absent."""
    return serializers.CharField(allow_null=True, help_text=help_text)


def optional_number(help_text: str = "") -> serializers.IntegerField:
    """Return a number field that is null where the number is absent."""
    return serializers.IntegerField(allow_null=True, help_text=help_text)


class WindowSerializer(ObjectSerializer):
    """The half-open range of event time `[start, end)` that was read."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    since_minutes = serializers.IntegerField()


class CaptureSerializer(ObjectSerializer):
    """A unit of agent work with what went in and came out."""

    unit = serializers.ChoiceField(["llm_call", "tool_call", "graph_node", "retrieval"])
    input = serializers.JSONField(help_text="Any JSON; null where unknown.")
    output = serializers.JSONField(help_text="Any JSON; null where unknown.")
    model = optional_text()
    expected = serializers.JSONField(help_text="Any JSON; null where unknown.")
    replayable = serializers.BooleanField(
        help_text="Input and unit are known, so the call can be made again."
    )


class ResourceSerializer(ObjectSerializer):
    """What sent the span."""

    attributes = serializers.DictField()
    schema_url = optional_text()


class ScopeSerializer(ObjectSerializer):
    """The instrumentation that made the span."""

    name = serializers.CharField(allow_blank=True)
    version = optional_text()
    attributes = serializers.DictField()
    schema_url = optional_text()


class EventSerializer(ObjectSerializer):
    """Something that happened inside a span."""

    name = serializers.CharField(allow_blank=True)
    time = serializers.DateTimeField()
    time_unix_nano = serializers.IntegerField()
    attributes = serializers.DictField()


class LinkSerializer(ObjectSerializer):
    """Another span that a span points to."""

    trace_id = serializers.CharField()
    span_id = serializers.CharField()
    trace_state = optional_text()
    attributes = serializers.DictField()


class RecordSerializer(ObjectSerializer):
    """One span: what was understood of it, and what was sent, whole."""

    record_id = serializers.CharField(help_text="Stable: a span that is sent again is the same record.")
    trace_id = serializers.CharField()
    span_id = serializers.CharField()
    parent_span_id = optional_text()
    name = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(record_json.KINDS)
    operation = optional_text("What ran: a name without ids in it.")
    service = optional_text()
    environment = optional_text()
    release = optional_text()
    start_time = serializers.DateTimeField()
    start_time_unix_nano = serializers.IntegerField()
    duration_ms = serializers.FloatField()
    status = serializers.ChoiceField(record_json.STATUSES)
    outcome = serializers.ChoiceField(OUTCOMES)
    signal_type = serializers.ChoiceField(
        (*RECORD_SIGNAL_TYPES, cancellations.SIGNAL),
        allow_null=True,
        help_text="Why it hurts; of a good record, that its caller cancelled it.",
    )
    severity = serializers.ChoiceField(["low", "medium", "high"], allow_null=True)
    cluster_id = optional_text("All failures of this kind share it.")
    message = optional_text("What went wrong, in one line.")
    session_id = serializers.CharField(help_text="The trace id where the trace names no session.")
    user_id = optional_text()
    agent = optional_text()
    tool = optional_text()
    model = optional_text()
    input_tokens = optional_number("Of model calls only.")
    output_tokens = optional_number("Of model calls only.")
    attributes = serializers.DictField()
    resource = ResourceSerializer()
    scope = ScopeSerializer()
    events = EventSerializer(many=True)
    links = LinkSerializer(many=True)
    capture = CaptureSerializer(allow_null=True)
    same_call_as = serializers.CharField(
        required=False,
        help_text="Only of a call that another instrumentation recorded too: the record of it that counts.",
    )
    replaced_by = serializers.CharField(
        required=False,
        help_text="Only of a user signal that a later one with its feedback_id replaced: the record that counts.",
    )
    missing = serializers.ListField(
        child=serializers.ChoiceField(PARTS),
        required=False,
        help_text="Only for a damaged store: the parts that cannot be read and are shown empty.",
    )


class SessionSummarySerializer(ObjectSerializer):
    """What the traces of one session came to in the window."""

    session_id = serializers.CharField()
    agent = optional_text()
    user_id = optional_text()
    service = optional_text()
    environment = optional_text()
    outcome = serializers.ChoiceField(OUTCOMES, help_text="failure if one record failed.")
    turns = serializers.IntegerField(help_text="Records.")
    traces = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Records that failed.")
    feedback = serializers.IntegerField(help_text="User signals about it, which nothing else here counts.")
    start_time = serializers.DateTimeField()
    end_time = serializers.DateTimeField()
    duration_ms = serializers.FloatField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    trace_ids = serializers.ListField(
        child=serializers.CharField(), help_text="The newest 20 at most, newest first."
    )


class SessionFeedbackSerializer(ObjectSerializer):
    """What a user said about the session with the feedback key."""

    record_id = serializers.CharField()
    time = serializers.DateTimeField()
    rating = serializers.ChoiceField(["up", "down"])
    comment = optional_text()
    trace_id = optional_text("The trace that it is about, if it names one.")


class AnswerSerializer(WarnedAnswerSerializer):
    """What every read says."""

    window = WindowSerializer()
    count = serializers.IntegerField(help_text="Rows in this answer.")
    complete = serializers.BooleanField(help_text="False: next_cursor leads to more.")
    next_cursor = optional_text("Send it as `cursor` for the rows behind these.")
    note = serializers.CharField(
        required=False, help_text="Only for a damaged store: how many of the records cannot be read whole."
    )


class TelemetryPageSerializer(AnswerSerializer):
    """Records, newest first."""

    records = RecordSerializer(many=True)


class SessionPageSerializer(AnswerSerializer):
    """Sessions, most recent first. A page may be short and still not the last: see `complete`."""

    sessions = SessionSummarySerializer(many=True)


class ContextLogSerializer(ObjectSerializer):
    """A log record that is neither an event of an agent nor a failure."""

    trace_id = serializers.CharField()
    span_id = optional_text("The span in which it was logged.")
    time = serializers.DateTimeField()
    service = serializers.CharField()
    severity = optional_text()
    name = serializers.CharField(help_text="Of the event, or of the logger.")
    message = serializers.CharField(help_text="Cut at 1,000 characters.")
    attributes = serializers.DictField(help_text="The first 20, texts cut at 200 characters.")


class ContextLogsSerializer(ObjectSerializer):
    """Log records beside the session's traces."""

    total = serializers.IntegerField()
    first = ContextLogSerializer(many=True, help_text="The first 100 at most, oldest first.")


class SessionDetailSerializer(AnswerSerializer):
    """One session and its records, oldest first."""

    session = SessionSummarySerializer()
    feedback = SessionFeedbackSerializer(many=True, help_text="The newest 20 at most, newest first.")
    context_logs = ContextLogsSerializer(
        required=False,
        help_text="Log records that are kept beside the session's traces, where the operator has them kept; with the "
        "first page.",
    )
    records = RecordSerializer(many=True)
