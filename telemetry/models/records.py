"""Records as they are stored: origins, segments, records, traces, and the failures attributed to clusters."""

from typing import ClassVar

from django.db import models

from telemetry.models.column_ranges import COUNT, SUM, Ranges
from telemetry.spans.record_ids import record_id


class Origin(models.Model):
    """A resource or a scope that many records share, stored once: a serialized ResourceSpans or ScopeSpans."""

    origin_id = models.BigIntegerField(
        primary_key=True, help_text="BLAKE2b of `message` with a digest of 8 bytes."
    )
    message = models.BinaryField()

    def __str__(self) -> str:
        return str(self.origin_id)


class Segment(models.Model):
    """Some spans as they were sent, compressed together: see segments.py."""

    segment_id = models.BigIntegerField(
        primary_key=True, help_text="Counted by the store, in order of arrival."
    )
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.segment_id)


class Record(models.Model):
    """One span: what is asked of often as columns, the whole of it as it was sent in a segment."""

    pk = models.CompositePrimaryKey("trace_id", "span_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)
    parent_span_id = models.BinaryField(max_length=8, null=True)
    start_time_unix_nano = models.BigIntegerField()
    duration_nano = models.BigIntegerField()
    name = models.TextField()
    kind = models.SmallIntegerField()
    status_code = models.SmallIntegerField()
    operation = models.TextField()
    service = models.TextField()
    environment = models.TextField()
    release = models.TextField()
    unit = models.TextField()
    agent = models.TextField()
    tool = models.TextField()
    model = models.TextField()
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    signal_type = models.TextField(
        help_text="Of a failure; also of a call that its caller cancelled. Else empty: the outcome is ok."
    )
    severity = models.TextField()
    error_type = models.TextField()
    failure_message = models.TextField()
    fingerprint = models.BigIntegerField(null=True, help_text="The cluster; NULL for ok records.")
    resource_id = models.BigIntegerField(help_text="The Origin that is its resource.")
    scope_id = models.BigIntegerField(help_text="The Origin that is its scope.")
    call_key = models.BigIntegerField(
        null=True,
        help_text="Of a call of an agent: call_keys.py. NULL: stored by a version without such keys.",
    )
    segment_id = models.BigIntegerField()
    position = models.IntegerField(help_text="Among the spans of its segment, from 0.")

    ranges: ClassVar[Ranges] = {
        "start_time_unix_nano": SUM,
        "duration_nano": SUM,
        "input_tokens": COUNT,
        "output_tokens": COUNT,
        "position": (0, 2**31 - 1),
    }

    class Meta:
        indexes = [
            models.Index(fields=["start_time_unix_nano"], name="record_start"),
            models.Index(
                fields=["start_time_unix_nano"],
                condition=models.Q(fingerprint__isnull=False),
                name="record_failure_start",
            ),
            models.Index(
                fields=["fingerprint", "start_time_unix_nano"],
                condition=models.Q(fingerprint__isnull=False),
                name="record_cluster_start",
            ),
            models.Index(
                fields=["signal_type", "start_time_unix_nano"],
                condition=models.Q(fingerprint__isnull=False),
                name="record_signal_start",
            ),
            models.Index(
                fields=["start_time_unix_nano"],
                condition=models.Q(signal_type="cancelled_call"),
                name="record_cancelled_start",
            ),
        ]

    def __str__(self) -> str:
        return record_id(self.trace_id, self.span_id)


class Trace(models.Model):
    """The facts of all records of a trace; only sums, minima and maxima, so that batches merge in any order."""

    trace_id = models.BinaryField(primary_key=True, max_length=16)
    session_id = models.TextField(help_text="Empty: the trace is its own session.")
    user_id = models.TextField()
    agent = models.TextField()
    service = models.TextField()
    environment = models.TextField()
    start_time_unix_nano = models.BigIntegerField()
    end_time_unix_nano = models.BigIntegerField()
    records = models.BigIntegerField()
    failures = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()

    ranges: ClassVar[Ranges] = {
        "start_time_unix_nano": SUM,
        "end_time_unix_nano": SUM,
        "records": COUNT,
        "failures": COUNT,
        "input_tokens": SUM,
        "output_tokens": SUM,
    }

    class Meta:
        indexes = [
            models.Index(fields=["start_time_unix_nano"], name="trace_start"),
            models.Index(
                fields=["session_id", "start_time_unix_nano"],
                condition=~models.Q(session_id=""),
                name="trace_session",
            ),
        ]

    def __str__(self) -> str:
        return bytes(self.trace_id).hex()


class Attribution(models.Model):
    """
    A failing record as a diagnosis reads it: counted for its own cluster as a primary failure, or for the clusters of
    the failures inside it as one downstream (attribution.py). Kept beside the records, narrow, and all of it in one
    index.
    """

    pk = models.CompositePrimaryKey("trace_id", "span_id", "fingerprint")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)
    fingerprint = models.BigIntegerField(help_text="The cluster for which the failure counts.")
    is_downstream = models.BooleanField()
    start_time_unix_nano = models.BigIntegerField()
    service = models.TextField()
    operation = models.TextField()
    release = models.TextField()
    environment = models.TextField(db_default="")
    model = models.TextField()
    severity = models.TextField()
    message_key = models.BigIntegerField(
        help_text="BLAKE2b of the failure's message with a digest of 8 bytes."
    )
    session_key = models.BigIntegerField(
        help_text="Such a number for the session; a trace without one is a session of its own."
    )
    user_key = models.BigIntegerField(help_text="Such a number for the user; 0 for none.")
    trace_tokens = models.BigIntegerField(help_text="Input and output tokens of the whole trace.")

    ranges: ClassVar[Ranges] = {"start_time_unix_nano": SUM, "trace_tokens": SUM}

    class Meta:
        indexes = [
            models.Index(
                fields=[
                    "fingerprint",
                    "start_time_unix_nano",
                    "trace_id",
                    "span_id",
                    "is_downstream",
                    "service",
                    "operation",
                    "release",
                    "environment",
                    "model",
                    "severity",
                    "message_key",
                    "session_key",
                    "user_key",
                    "trace_tokens",
                ],
                name="charge_cluster",
            )
        ]

    def __str__(self) -> str:
        return f"{record_id(self.trace_id, self.span_id)} {self.fingerprint}"
