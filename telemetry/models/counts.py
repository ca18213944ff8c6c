"""Counts of records: by time, operation and cluster, by release, and by what became of what was sent."""

from typing import ClassVar

from django.db import models

from telemetry.models.column_ranges import COUNT, MINUTE, SUM, Ranges


class Release(models.Model):
    """A release of a service, from its first record to its last: deployments.py."""

    pk = models.CompositePrimaryKey("service", "release")
    service = models.TextField()
    release = models.TextField(help_text="Empty: its records name none.")
    first_unix_nano = models.BigIntegerField()
    last_minute = models.BigIntegerField(help_text="Unix minute.")

    ranges: ClassVar[Ranges] = {"first_unix_nano": SUM, "last_minute": MINUTE}

    def __str__(self) -> str:
        return f"{self.service} {self.release}"


class RollupCounts(models.Model):
    """Counts by a stretch of time, operation, cluster and duration, so that a diagnosis reads groups and not spans."""

    pk = models.CompositePrimaryKey("minute", "service", "operation", "fingerprint", "duration_bucket")
    minute = models.BigIntegerField(help_text="Unix minutes of the start of the stretch.")
    service = models.TextField()
    operation = models.TextField()
    fingerprint = models.BigIntegerField(help_text="0: no failure.")
    duration_bucket = models.SmallIntegerField(
        help_text="Bits of the duration in microseconds: 10 is 0.5 to 1 ms."
    )
    count = models.BigIntegerField()
    duration_nano_sum = models.BigIntegerField()
    duration_nano_max = models.BigIntegerField()

    ranges: ClassVar[Ranges] = {
        "minute": MINUTE,
        "duration_bucket": (0, 64),
        "count": COUNT,
        "duration_nano_sum": SUM,
        "duration_nano_max": SUM,
    }

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.minute} {self.operation}"


class Rollup(RollupCounts):
    """The counts of a minute."""


class HourRollup(RollupCounts):
    """The counts of an hour."""


class DayRollup(RollupCounts):
    """The counts of a day."""


class DeploymentCounts(models.Model):
    """The records of an operation in a stretch of time, by the environment and the release of its service."""

    pk = models.CompositePrimaryKey("service", "operation", "minutes", "minute", "environment", "release")
    service = models.TextField()
    operation = models.TextField()
    minutes = models.SmallIntegerField(help_text="The length of the stretch: deployments.py.")
    minute = models.BigIntegerField(help_text="Unix minutes of its start.")
    environment = models.TextField(help_text="Empty: its records name none, as with the release.")
    release = models.TextField()
    count = models.BigIntegerField()
    failures = models.BigIntegerField(help_text="Of these records, those that failed, whatever caused it.")

    ranges: ClassVar[Ranges] = {"minute": MINUTE, "count": COUNT, "failures": COUNT}

    def __str__(self) -> str:
        return f"{self.minute} {self.operation} {self.environment} {self.release}"


class Tally(models.Model):
    """The number of spans by outcome and hour of arrival: stored, duplicate, or the reason why not stored."""

    pk = models.CompositePrimaryKey("hour", "reason")
    hour = models.BigIntegerField(help_text="Unix hours of arrival.")
    reason = models.TextField()
    count = models.BigIntegerField()

    ranges: ClassVar[Ranges] = {"hour": (0, MINUTE[1] // 60), "count": COUNT}

    def __str__(self) -> str:
        return f"{self.hour} {self.reason}"


class OddClock(models.Model):
    """A sender of spans whose times are not those of their arrival: odd_times.py."""

    pk = models.CompositePrimaryKey("service", "host", "reason")
    service = models.TextField()
    host = models.TextField(help_text="Empty: its resource names none.")
    reason = models.TextField()
    count = models.BigIntegerField()
    offset_nano = models.BigIntegerField(help_text="Of its clock, by the last request with such spans.")
    first_unix_nano = models.BigIntegerField(help_text="Of the starts of these spans.")
    last_unix_nano = models.BigIntegerField()
    arrived_unix_nano = models.BigIntegerField(help_text="When the last of them came.")

    ranges: ClassVar[Ranges] = {
        "count": COUNT,
        "first_unix_nano": SUM,
        "last_unix_nano": SUM,
        "arrived_unix_nano": SUM,
    }

    class Meta:
        indexes = [models.Index(fields=["arrived_unix_nano"], name="odd_clock_arrival")]

    def __str__(self) -> str:
        return f"{self.service} {self.host} {self.reason}"
