"""Records whose ids came more than once: with another span, or in another version."""

from typing import ClassVar

from django.db import models

from telemetry.models.column_ranges import SUM, Ranges
from telemetry.spans.record_ids import record_id


class SharedSpan(models.Model):
    """A record that is stored under an id of its own, because another span has the one that it was sent with."""

    pk = models.CompositePrimaryKey("trace_id", "span_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8, help_text="Under which it is stored: shared_ids.py.")
    sent_span_id = models.BinaryField(max_length=8)

    def __str__(self) -> str:
        return record_id(self.trace_id, self.span_id)


class Conflict(models.Model):
    """A record of which another version came later, which is not stored: conflicts.py."""

    pk = models.CompositePrimaryKey("trace_id", "span_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)
    arrived_unix_nano = models.BigIntegerField(help_text="When the last such version came.")
    differs_in = models.TextField(help_text="Names of fields, joined by commas.")
    is_failure = models.BooleanField(help_text="Whether that version failed.")

    ranges: ClassVar[Ranges] = {"arrived_unix_nano": SUM}

    class Meta:
        indexes = [models.Index(fields=["arrived_unix_nano"], name="conflict_arrival")]

    def __str__(self) -> str:
        return f"{record_id(self.trace_id, self.span_id)} {self.differs_in}"
