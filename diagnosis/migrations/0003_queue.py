"""
Loops keep what the queue sorts and shows them by; loops that are there already get it from their issue.

The measure as it was when this was written; the next diagnosis sets it as it is now.
"""

from datetime import datetime
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

DAY_MINUTES = 1440
SHORTEST = 60  # minutes
A_PERSON = 10  # failures
TOKENS = 10_000  # weigh as much as one failure
SEVERITY_WEIGHT = {1: 1.0, 2: 3.0, 3: 10.0, 4: 30.0}
TREND_WEIGHT = {"falling": 0.5, "steady": 1.0, "new": 1.5, "rising": 2.0}
WAITING = ("proposed", "regressed")
STARTS_WAITING = ("proposed", "answered", "regressed", "grew", "outdated")


def fill(apps: StateApps, schema_editor: Any) -> None:
    """Every loop's columns, and since when it waits by its newest event that says so."""
    event_model = apps.get_model("diagnosis", "LoopEvent")
    for loop in apps.get_model("diagnosis", "Loop").objects.select_related("packet").iterator():
        minutes = (loop.packet.document.get("window") or {}).get("since_minutes") or DAY_MINUTES
        known = columns(loop.issue, loop.severity, minutes)
        for name, value in known.items():
            setattr(loop, name, value)
        if loop.state in WAITING:
            starts = event_model.objects.filter(loop=loop, kind__in=STARTS_WAITING).order_by(
                "-created_at", "-pk"
            )
            loop.waiting_since = starts.values_list("created_at", flat=True).first() or loop.created_at
        loop.save(update_fields=[*known, "waiting_since"])


def columns(issue: dict[str, Any], severity: int, minutes: int) -> dict[str, Any]:
    """What a loop keeps of its issue."""
    impact, trend = issue.get("impact") or {}, issue.get("trend") or ""
    days = max(minutes, SHORTEST) / DAY_MINUTES
    people = impact.get("users") or impact.get("sessions") or 0
    counts = impact.get("records") or 0, people, impact.get("tokens") or 0
    failures, people, tokens = (round(count / days, 2) for count in counts)
    harm = failures + A_PERSON * people + tokens / TOKENS
    return {
        "failures_a_day": failures,
        "people_a_day": people,
        "tokens_a_day": tokens,
        "trend": trend,
        "urgency": round(harm * SEVERITY_WEIGHT[severity] * TREND_WEIGHT.get(trend, 1.0), 2),
        "first_seen_at": seen_at(issue.get("first_seen")),
        "last_seen_at": seen_at(issue.get("last_seen")),
    }


def seen_at(said: str | None) -> datetime | None:
    """The time that an issue's text says."""
    return datetime.fromisoformat(said) if said else None


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0002_decisions"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="loop",
            name="loop_queue",
        ),
        migrations.AddField(
            model_name="loop",
            name="failures_a_day",
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name="loop",
            name="first_seen_at",
            field=models.DateTimeField(help_text="Of the failure, when the loop was proposed.", null=True),
        ),
        migrations.AddField(
            model_name="loop",
            name="last_seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="loop",
            name="people_a_day",
            field=models.FloatField(default=0, help_text="Users, or sessions where nobody names users."),
        ),
        migrations.AddField(
            model_name="loop",
            name="tokens_a_day",
            field=models.FloatField(default=0, help_text="Of the traces that failed."),
        ),
        migrations.AddField(
            model_name="loop",
            name="trend",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="loop",
            name="urgency",
            field=models.FloatField(default=0, help_text="What the queue is sorted by: urgency.py."),
        ),
        migrations.AddField(
            model_name="loop",
            name="waiting_since",
            field=models.DateTimeField(help_text="For a human; empty while it does not wait.", null=True),
        ),
        migrations.AddIndex(
            model_name="loop",
            index=models.Index(fields=["state", "-urgency", "project", "loop_id"], name="loop_urgency"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
