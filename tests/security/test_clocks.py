"""A clock that jumps stops no periodic job, and is noticed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from diagnosis import periodic_jobs
from diagnosis.models import Lease
from loopkit.job_thread import PeriodicJobs
from tenants.audit import audit_log
from tenants.audit.audit_log import AuditEvent
from tenants.installation import clock, facts, findings

DAY = timedelta(days=1)


@pytest.fixture
def rounds(db: None, monkeypatch: Any) -> list[int]:
    """A list with an item for each round of jobs that was run."""
    run: list[int] = []
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)  # the test's own is one of them
    monkeypatch.setattr(periodic_jobs, "run_all_jobs", lambda clock, go_on: run.append(1))
    return run


def test_a_lease_taken_while_the_clock_was_ahead_stops_nobody_once_its_holder_is_dead(
    rounds: list[int], monkeypatch: Any
) -> None:
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + DAY)
    PeriodicJobs(60).round()  # and then its process is killed
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    other = PeriodicJobs(60)
    other.round()
    assert len(rounds) == 1

    other.lease.since -= other.lease.length  # that long later, on its own monotonic clock
    other.round()

    assert len(rounds) == 2
    assert Lease.objects.get().holder == other.lease.holder


def test_a_clock_that_runs_ahead_takes_no_lease_from_a_living_holder(
    rounds: list[int], monkeypatch: Any
) -> None:
    holder, other = PeriodicJobs(60), PeriodicJobs(60)
    holder.round()
    other.round()
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + DAY)
    other.round()

    assert Lease.objects.get().holder == holder.lease.holder
    assert holder.lease.take()


@pytest.mark.parametrize(("ahead", "said"), [(DAY, "forwards by 1 day"), (-DAY, "back by 1 day")])
def test_a_jump_is_logged_by_the_holder_and_stays_in_readiness_until_accepted(
    rounds: list[int], monkeypatch: Any, caplog: Any, call: Any, ahead: timedelta, said: str
) -> None:
    now, jobs = timezone.now(), PeriodicJobs(60)
    jobs.round()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + ahead)
    jobs.round()
    jobs.round()
    monkeypatch.undo()

    assert caplog.text.count(f"The clock was set {said}") == 1
    warnings = call("GET", "/readyz").json()["warnings"]
    assert any(f"The clock was set {said}" in warning for warning in warnings)
    with pytest.raises(CommandError, match="clock: The clock was set"):
        call_command("check_data")
    call_command("check_data", "--accept")
    assert findings.find_all(timezone.now()) == []


def test_time_that_passes_is_no_jump() -> None:
    now = timezone.now()
    watch = clock.ClockWatch(now, steady=100.0)

    assert watch.jump(now + 3 * DAY, 100.0 + 3 * 86_400) == timedelta()  # asleep for three days
    assert watch.jump(now + 3 * DAY + timedelta(seconds=30), 100.0 + 3 * 86_400) == timedelta()  # corrected
    assert watch.jump(now + 2 * DAY, 160.0 + 3 * 86_400) < -0.9 * DAY


@pytest.mark.parametrize("source", ["heartbeat", "audit log"])
@pytest.mark.parametrize(
    ("away", "said"),
    [(DAY, "behind the last thing"), (-31 * DAY, "Nothing was written for 31 days"), (-29 * DAY, "")],
)
def test_a_clock_that_is_wrong_at_the_start_is_found(
    db: None, source: str, away: timedelta, said: str
) -> None:
    at = timezone.now() + away
    if source == "heartbeat":
        facts.remember(facts.HEARTBEAT, at.isoformat())
    else:
        audit_log.append_entry(AuditEvent.CHANGED, "a:b", audit_log.SHELL, at)

    found = findings.find_all(timezone.now())

    assert [finding.name for finding in found] == ["clock"] * bool(said)
    assert all(said in finding.message for finding in found)


def test_a_clock_set_back_does_not_hide_itself_by_new_heartbeats(db: None) -> None:
    now = timezone.now()
    facts.remember(facts.HEARTBEAT, (now + DAY).isoformat())

    clock.beat(clock.ClockWatch(now), now)

    assert [finding.name for finding in findings.find_all(now)] == ["clock"]
