"""User signals: what each is about, what is known of that, and the versions that a later one replaced."""

from django.db import models

from telemetry.spans.record_ids import record_id


class RatedSubject(models.Model):
    """A trace or a session that user signals are about, with the facts of its traces that have arrived."""

    about = models.TextField(primary_key=True, help_text="A trace id in hex, or a session id.")
    service = models.TextField()
    environment = models.TextField()
    user_id = models.TextField()
    session_id = models.TextField(help_text="Empty: its traces name none.")
    is_known = models.BooleanField(help_text="Whether a trace of it has arrived.")

    def __str__(self) -> str:
        return self.about


class Rating(models.Model):
    """A user signal by the trace that it is stored as, of which each record is a version: ratings/joining.py."""

    trace_id = models.BinaryField(primary_key=True, max_length=16)
    about = models.TextField(help_text="Of the version that counts; empty until it was joined.")
    is_stale = models.BooleanField(help_text="Whether it is to be joined to its subject again.")

    class Meta:
        indexes = [
            models.Index(fields=["about"], name="rating_about"),
            models.Index(fields=["trace_id"], condition=models.Q(is_stale=True), name="rating_stale"),
        ]

    def __str__(self) -> str:
        return bytes(self.trace_id).hex()


class ReplacedRecord(models.Model):
    """A version of a user signal that a later one replaced: stored, and counted and listed nowhere."""

    pk = models.CompositePrimaryKey("trace_id", "span_id")
    trace_id = models.BinaryField(max_length=16)
    span_id = models.BinaryField(max_length=8)

    def __str__(self) -> str:
        return record_id(self.trace_id, self.span_id)
