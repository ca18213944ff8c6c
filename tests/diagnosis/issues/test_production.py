"""Where an operator named the production environments, severity is judged by what fails there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.issues import stretch_severity
from diagnosis.issues.impact import SeverityGrade
from diagnosis.loops import worst_severity
from diagnosis.models import Loop, Severity
from diagnosis.packets.publishing import packet_as_answered
from telemetry.models import Record
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = Window.ending(NOON, 60)


def send(minted: MintedProject, environment: str, number: int, failing: int) -> None:
    """So many requests from outside, each of a session of its own, of which the first ones fail."""
    spans = [
        span(
            "GET /cart",
            trace=f"{environment}{count}",
            at=NOON - timedelta(minutes=10, seconds=count),
            error="no stock" if count < failing else "",
            kind=2,
        )
        for count in range(number)
    ]
    store(minted.project, spans, NOON, {"service.name": "shop", "deployment.environment": environment})


def issue_of(minted: MintedProject, production: list[str]) -> dict[str, Any]:
    """The one issue of the hour before noon, if these environments are production."""
    minted.project.production_environments = production
    minted.project.save()
    [issue] = packet_as_answered(diagnose(minted.project, HOUR, NOON))["issues"]
    return dict(issue)


def test_what_fails_in_staging_alone_is_medium_at_most(alice: MintedProject) -> None:
    send(alice, "staging", 50, 40)
    send(alice, "production", 60, 0)
    assert issue_of(alice, [])["severity"] == "critical"

    issue = issue_of(alice, ["production", "production-eu"])

    assert issue["severity"] == "medium"
    assert issue["severity_reason"].startswith(
        "medium: no failure is in production; by all environments it would be critical ("
    )
    assert issue["count"] == 40


def test_forty_in_staging_and_one_in_production_are_judged_by_the_one(alice: MintedProject) -> None:
    send(alice, "staging", 50, 40)
    send(alice, "production", 300, 1)

    alone = SeverityGrade(Severity.MEDIUM, "")
    issue = issue_of(alice, ["production"])

    assert issue["severity"] == alone.severity.label
    assert issue["severity_reason"].endswith("by its failures in production alone")


def test_what_fails_in_production_is_judged_by_the_traffic_there(alice: MintedProject) -> None:
    send(alice, "staging", 900, 0)
    send(alice, "production", 40, 9)
    overall = issue_of(alice, [])

    issue = issue_of(alice, ["production"])

    assert overall["impact"]["share"] < 0.02
    assert "22.5% of the operation fails" in issue["severity_reason"]
    ranks = ["low", "medium", "high", "critical"]
    assert ranks.index(issue["severity"]) == ranks.index(overall["severity"]) + 1


def test_a_name_in_another_case_is_another_environment(alice: MintedProject) -> None:
    send(alice, "Production", 50, 40)

    assert issue_of(alice, ["production"])["severity"] == "medium"
    assert issue_of(alice, ["Production"])["severity"] == "critical"


@pytest.mark.parametrize("minutes", [60, 1440])
def test_hours_and_days_are_judged_by_production_too(alice: MintedProject, minutes: int) -> None:
    send(alice, "staging", 50, 40)
    send(alice, "production", 60, 1)
    with bind(alice.project):
        fingerprint = Record.objects.exclude(fingerprint=None)[0].fingerprint
        assert fingerprint is not None
        day = Window.ending(NOON.replace(hour=23, minute=59), 1440)

        overall = set(stretch_severity.severities(fingerprint, day, minutes))
        judged = set(stretch_severity.severities(fingerprint, day, minutes, ["production"]))
        elsewhere = set(stretch_severity.severities(fingerprint, day, minutes, ["canary"]))

    assert max(overall) == Severity.CRITICAL
    assert max(judged) == max(elsewhere) == Severity.MEDIUM


def test_two_people_are_needed_by_what_fails_in_production(alice: MintedProject) -> None:
    alice.project.tenant.two_people = Severity.CRITICAL
    alice.project.tenant.save()
    send(alice, "staging", 50, 40)
    issue_of(alice, ["production"])
    loop = Loop.objects.get()
    assert worst_severity.severity_to_approve(loop, NOON) == Severity.MEDIUM

    send(alice, "production", 50, 40)

    assert worst_severity.severity_to_approve(loop, NOON) == Severity.CRITICAL
