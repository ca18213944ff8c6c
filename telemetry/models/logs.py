"""Log records that wait for their span, versions of records before log records joined them, and context of traces."""

from typing import ClassVar

from django.db import models

from telemetry.models.column_ranges import SUM, Ranges
from telemetry.spans.record_ids import record_id


class WaitingLog(models.Model):
    """A log record whose span has not come: joined_logs/waiting.py."""

    pk = models.CompositePrimaryKey("trace_id", "span_id", "log_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8, help_text="Of the span that it names.")
    log_id = models.BinaryField(max_length=8, help_text="The span id that it has as a record of its own.")
    waits_until_unix_nano = models.BigIntegerField()
    call_key = models.BigIntegerField(
        default=0, help_text="The call inside that span which it tells of, as a hash; 0 for none."
    )
    time_unix_nano = models.BigIntegerField(default=0)
    resource_id = models.BigIntegerField(help_text="The Origin that is its resource.")
    scope_id = models.BigIntegerField(help_text="The Origin that is its scope.")
    content = models.BinaryField(help_text="The serialized Span that was made of it.")

    ranges: ClassVar[Ranges] = {"waits_until_unix_nano": SUM, "time_unix_nano": SUM}

    class Meta:
        indexes = [
            models.Index(fields=["waits_until_unix_nano"], name="waiting_log_deadline"),
            models.Index(
                fields=["trace_id", "span_id", "call_key", "time_unix_nano"], name="waiting_log_call"
            ),
        ]

    def __str__(self) -> str:
        return record_id(self.trace_id, self.log_id)


class EarlierVersion(models.Model):
    """A record as it was before log records joined it: joined_logs/earlier_versions.py."""

    pk = models.CompositePrimaryKey("trace_id", "span_id", "number")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)
    number = models.IntegerField(help_text="From 1, the span as it was sent.")
    segment_id = models.BigIntegerField()
    position = models.IntegerField()
    columns = models.TextField(help_text="Of the record, as JSON.")

    ranges: ClassVar[Ranges] = {"number": (1, 2**31 - 1), "position": (0, 2**31 - 1)}

    def __str__(self) -> str:
        return f"{record_id(self.trace_id, self.span_id)} {self.number}"


class RepeatedLogs(models.Model):
    """In how many requests log records came that said nothing new of a record: joined_logs/repeats.py."""

    pk = models.CompositePrimaryKey("trace_id", "span_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)
    requests = models.IntegerField()

    ranges: ClassVar[Ranges] = {"requests": (0, 2**31 - 1)}

    def __str__(self) -> str:
        return record_id(self.trace_id, self.span_id)


class ContextLog(models.Model):
    """A log record that is no record of its own, kept for some days as context of its trace: store/context_logs.py."""

    pk = models.CompositePrimaryKey("trace_id", "log_id")
    trace_id = models.BinaryField(max_length=16)
    log_id = models.BinaryField(max_length=8, help_text="The span id that it would have as a record.")
    span_id = models.BinaryField(max_length=8, null=True, help_text="Of the span that it names.")
    time_unix_nano = models.BigIntegerField()
    arrived_unix_nano = models.BigIntegerField(help_text="From then on it is kept for some days.")
    service = models.TextField()
    content = models.BinaryField(help_text="The serialized Span that was made of it.")

    ranges: ClassVar[Ranges] = {"time_unix_nano": SUM, "arrived_unix_nano": SUM}

    class Meta:
        indexes = [models.Index(fields=["arrived_unix_nano"], name="context_log_arrival")]

    def __str__(self) -> str:
        return record_id(self.trace_id, self.log_id)
