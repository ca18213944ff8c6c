"""Where an operator named the production environments, severity is judged by what fails there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis import periodic_jobs
from diagnosis.console.queue.columns import costs
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


def named(minted: MintedProject, production: list[str]) -> Loop:
    """The loop once an operator named these environments and the periodic jobs ran."""
    minted.project.production_environments = production
    minted.project.save()
    periodic_jobs.run_all_jobs(lambda: NOON, lambda: True)
    return Loop.objects.get()


def test_a_loop_from_before_production_was_named_is_judged_by_it_without_another_diagnosis(
    alice: MintedProject,
) -> None:
    send(alice, "staging", 50, 40)
    send(alice, "production", 300, 1)
    issue_of(alice, [])
    before = Loop.objects.get()

    after = named(alice, ["production"])

    assert (before.severity, before.failures_seen, before.judged_by) == (Severity.HIGH, 41, [])
    assert (after.severity, after.failures_seen, after.people_seen) == (Severity.MEDIUM, 1, 1)
    assert after.urgency == 3 * (1 + 10)
    assert after.judged_by == ["production"]
    assert costs(after).startswith("1 failure in production, 1 session")


def test_it_is_judged_by_all_again_once_none_is_named(alice: MintedProject) -> None:
    send(alice, "staging", 50, 40)
    issue_of(alice, ["production"])
    of_staging = Loop.objects.get()

    after = named(alice, [])

    assert (of_staging.severity, of_staging.failures_seen, of_staging.urgency) == (Severity.MEDIUM, 0, 0.0)
    assert (after.severity, after.failures_seen) == (Severity.CRITICAL, 40)


def test_a_diagnosis_that_a_key_causes_lowers_nothing(alice: MintedProject) -> None:
    send(alice, "staging", 50, 40)
    issue_of(alice, [])

    issue_of(alice, ["production"])

    loop = Loop.objects.get()
    assert (loop.severity, loop.failures_seen, loop.judged_by) == (Severity.CRITICAL, 40, [])


def test_a_loop_about_which_nobody_decides_is_left_as_it_was_decided(alice: MintedProject) -> None:
    send(alice, "staging", 50, 40)
    issue_of(alice, [])
    Loop.objects.update(state=Loop.State.REJECTED)

    assert named(alice, ["production"]).severity == Severity.CRITICAL


def test_loops_that_are_judged_by_what_is_named_are_not_looked_at(alice: MintedProject) -> None:
    send(alice, "staging", 50, 40)
    issue_of(alice, ["production"])

    assert list(periodic_jobs.projects_to_review()) == []
