"""What the control database remembers about its installation: a few named texts."""

from __future__ import annotations

from datetime import UTC, datetime

from tenants.models import InstallationFact

HEARTBEAT = "heartbeat"  # when the periodic jobs last ran
CLOCK_JUMP = "clock jump"  # a sentence about the last one that was seen
CHECK_VALUE = "check value of "  # followed by the name of a secret


def known_facts() -> dict[str, str]:
    """Every fact by its name."""
    return dict(InstallationFact.objects.values_list("name", "value"))


def remember(name: str, value: str) -> None:
    """Store a fact, replacing the earlier one of that name."""
    InstallationFact.objects.update_or_create(name=name, defaults={"value": value})


def forget(name: str) -> None:
    """Remove a fact, if it is there."""
    InstallationFact.objects.filter(name=name).delete()


def time_of(facts: dict[str, str], name: str) -> datetime | None:
    """The time that a fact holds, or None without one."""
    value = facts.get(name)
    return datetime.fromisoformat(value).astimezone(UTC) if value else None
