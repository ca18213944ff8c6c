"""The runs of agents: how many called an operation, which fail there, and which are too long to be looked at."""

from typing import ClassVar

from django.db import models

from telemetry.models.column_ranges import COUNT, MINUTE, SUM, Ranges
from telemetry.spans.record_ids import record_id


class VisitCount(models.Model):
    """The number of traces that called an operation, by the time of their first such call: kept_runs.py."""

    pk = models.CompositePrimaryKey("minutes", "minute", "service", "operation", "release", "environment")
    minutes = models.SmallIntegerField(help_text="Length of the stretch: 1, 60 or 1440.")
    minute = models.BigIntegerField(help_text="Unix minutes of the start of the stretch.")
    service = models.TextField()
    operation = models.TextField()
    release = models.TextField(help_text="Of the first call.")
    environment = models.TextField(help_text="Of the first call.")
    count = models.BigIntegerField()

    ranges: ClassVar[Ranges] = {"minutes": (1, 1440), "minute": MINUTE, "count": COUNT}

    def __str__(self) -> str:
        return f"{self.minute} {self.operation}"


class FailingVisit(models.Model):
    """A trace that fails in an operation that it called, by a rule over runs: telemetry/agent_runs."""

    pk = models.CompositePrimaryKey("trace_id", "fingerprint")
    trace_id = models.BinaryField(max_length=16)
    fingerprint = models.BigIntegerField(help_text="The cluster: of the rule and the operation.")
    span_id = models.BinaryField(max_length=8, help_text="The call that shows the failure.")
    start_time_unix_nano = models.BigIntegerField(help_text="Of the trace's first call of the operation.")
    signal_type = models.TextField()
    service = models.TextField()
    operation = models.TextField()
    release = models.TextField(help_text="Of the first call.")
    environment = models.TextField(help_text="Of the first call.")
    model = models.TextField()
    severity = models.TextField()
    message = models.TextField()

    ranges: ClassVar[Ranges] = {"start_time_unix_nano": SUM}

    class Meta:
        indexes = [models.Index(fields=["fingerprint", "start_time_unix_nano"], name="failing_visit_start")]

    def __str__(self) -> str:
        return f"{record_id(self.trace_id, self.span_id)} {self.signal_type}"


class PendingRun(models.Model):
    """A trace that a version without these rules stored, and that they have not looked at yet."""

    trace_id = models.BinaryField(primary_key=True, max_length=16)

    def __str__(self) -> str:
        return bytes(self.trace_id).hex()


class LongTrace(models.Model):
    """A trace with so many records that what comes for it is not looked at by rules over runs."""

    trace_id = models.BinaryField(primary_key=True, max_length=16)
    start_time_unix_nano = models.BigIntegerField(help_text="Of the first call that was not looked at.")

    ranges: ClassVar[Ranges] = {"start_time_unix_nano": SUM}

    class Meta:
        indexes = [models.Index(fields=["start_time_unix_nano"], name="long_trace_start")]

    def __str__(self) -> str:
        return bytes(self.trace_id).hex()
