"""Calls that two instrumentations recorded."""

from typing import ClassVar

from django.db import models

from telemetry.models.column_ranges import COUNT, Ranges
from telemetry.spans.record_ids import record_id


class RepeatedCall(models.Model):
    """A record of a call that another record stands for: stored and listed, and counted nowhere."""

    pk = models.CompositePrimaryKey("trace_id", "span_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)
    counted_span_id = models.BinaryField(max_length=8, help_text="Of the record that counts.")
    input_tokens = models.BigIntegerField(help_text="Of this record, which the other one counts.")
    output_tokens = models.BigIntegerField()

    ranges: ClassVar[Ranges] = {"input_tokens": COUNT, "output_tokens": COUNT}

    def __str__(self) -> str:
        return record_id(self.trace_id, self.span_id)
