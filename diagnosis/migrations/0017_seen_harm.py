"""
Loops keep what was seen of their failures, in place of numbers a day that were computed from the window of a packet.

Loops that are there already get it from their issue, by the measure as it was when this was written; the next diagnosis
counts it in the project's store.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

A_PERSON = 10  # failures
TOKENS = 10_000  # weigh as much as one failure
SEVERITY_WEIGHT = {1: 1.0, 2: 3.0, 3: 10.0, 4: 30.0}
TREND_WEIGHT = {"falling": 0.5, "steady": 1.0, "new": 1.5, "rising": 2.0}
LONGEST = timedelta(days=7)


def fill(apps: StateApps, schema_editor: Any) -> None:
    """Every loop's columns, from the issue of its packet."""
    for loop in apps.get_model("diagnosis", "Loop").objects.select_related("packet").iterator():
        known = columns(loop)
        for name, value in known.items():
            setattr(loop, name, value)
        loop.save(update_fields=[*known])


def columns(loop: Any) -> dict[str, Any]:
    """What a loop keeps of its issue."""
    impact = loop.issue.get("impact") or {}
    users, tokens = impact.get("users") or 0, impact.get("tokens") or 0
    people, failures = users or impact.get("sessions") or 0, impact.get("records") or loop.failures
    harm = failures + A_PERSON * people + tokens / TOKENS
    weight = SEVERITY_WEIGHT.get(loop.severity, 1.0) * TREND_WEIGHT.get(loop.trend, 1.0)
    return {
        "failures_seen": failures,
        "people_seen": people,
        "users_seen": users,
        "tokens_seen": tokens,
        "seen_seconds": seen_seconds(loop),
        "urgency": round(harm * weight, 2),
    }


def seen_seconds(loop: Any) -> int:
    """From the first to the last failure of the issue, no longer than the window of its packet."""
    first, last = loop.issue.get("first_seen"), loop.issue.get("last_seen")
    if not first or not last:
        return 0
    minutes = (loop.packet.document.get("window") or {}).get("since_minutes")
    longest = min(LONGEST, timedelta(minutes=minutes)) if minutes else LONGEST
    return max(0, int(min(datetime.fromisoformat(last) - datetime.fromisoformat(first), longest).total_seconds()))


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0016_quiet_since"),
    ]

    operations = [
        migrations.AddField(
            model_name="loop",
            name="failures_seen",
            field=models.PositiveBigIntegerField(
                default=0,
                help_text="In the seven days until the last: the most that was seen since it was proposed.",
            ),
        ),
        migrations.AddField(
            model_name="loop",
            name="people_seen",
            field=models.PositiveBigIntegerField(
                default=0, help_text="Users, or sessions where nobody names users."
            ),
        ),
        migrations.AddField(
            model_name="loop",
            name="users_seen",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="loop",
            name="tokens_seen",
            field=models.PositiveBigIntegerField(default=0, help_text="Of the traces that failed."),
        ),
        migrations.AddField(
            model_name="loop",
            name="seen_seconds",
            field=models.PositiveBigIntegerField(
                default=0, help_text="From the first to the last of these failures."
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
