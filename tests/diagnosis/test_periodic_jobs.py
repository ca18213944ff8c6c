"""What is due happens by itself, in one process of all, and what goes wrong in one project stops no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, connections

from diagnosis import lease, periodic_jobs
from diagnosis.models import Lease, Loop, MailChoice, Notice, Packet
from loopkit.job_thread import PeriodicJobs
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import NOW, make_loop
from tests.diagnosis.notices.test_outbox import wants
from tests.staff_clients import home

MINUTE = timedelta(minutes=1)


def clock() -> datetime:
    """It stands still."""
    return NOW


def always() -> bool:
    """Go on."""
    return True


def locked(*args: Any) -> None:
    """The control database cannot be had."""
    raise OperationalError("locked")


def answers(*said: bool) -> Callable[[], bool]:
    """These answers, one after another."""
    rest: Iterator[bool] = iter(said)
    return lambda: next(rest)


def test_one_holder_has_the_lease_until_it_runs_out(db: None) -> None:
    assert lease.take_lease("rounds", "a", NOW, MINUTE)
    assert not lease.take_lease("rounds", "b", NOW, MINUTE)
    assert lease.take_lease("rounds", "a", NOW + MINUTE / 2, MINUTE)
    assert not lease.take_lease("rounds", "b", NOW + MINUTE, MINUTE)
    assert lease.take_lease("rounds", "b", NOW + 1.5 * MINUTE, MINUTE)
    assert not lease.take_lease("rounds", "a", NOW + 1.5 * MINUTE, MINUTE)


def test_a_lease_that_is_given_back_is_free_at_once(db: None) -> None:
    lease.take_lease("rounds", "a", NOW, MINUTE)

    lease.release_lease("rounds", "b", NOW)
    assert not lease.take_lease("rounds", "b", NOW, MINUTE)
    lease.release_lease("rounds", "a", NOW)

    assert lease.take_lease("rounds", "b", NOW, MINUTE)


def test_who_has_no_lease_writes_nothing(db: None, django_assert_num_queries: Any) -> None:
    lease.take_lease("rounds", "a", NOW, MINUTE)

    with django_assert_num_queries(1):
        assert not lease.take_lease("rounds", "b", NOW, MINUTE)


def test_a_round_sends_mail_and_forgets_what_is_old(alice: MintedProject, settings: Any) -> None:
    settings.LOOPKIT_EMAIL_URL = "smtp://mail.example"
    wants("mia", home(alice.project, "acme").tenant)
    assert MailChoice.objects.count() == 1
    old = make_loop(alice.project, now=NOW - timedelta(days=100))
    make_loop(alice.project, cluster=2)

    periodic_jobs.run_all_jobs(clock, always)

    assert [sent.subject for sent in mail.outbox] == ["LoopKit: 1 new"]
    assert not Notice.objects.filter(loop=old).exists()


def test_a_project_that_fails_stops_no_other_and_no_mail(
    alice: MintedProject, charlie: MintedProject, settings: Any, caplog: Any
) -> None:
    settings.LOOPKIT_EMAIL_URL = "smtp://mail.example"
    wants("mia", home(alice.project, "acme").tenant)
    for minted in (alice, charlie):
        make_loop(minted.project, state="shipped")
    Loop.objects.update(shipped_at=NOW)
    Packet.objects.filter(project=charlie.project).update(
        document={"window": {"start": "2025-06-01T00:00:00Z"}}
    )
    (settings.LOOPKIT_DATA_DIR / "projects" / f"{charlie.project.project_id}.sqlite3").write_bytes(b"broken")

    periodic_jobs.run_all_jobs(clock, always)

    assert f"verifying project {alice.project.project_id} failed: 'window'" in caplog.text
    assert f"verifying project {charlie.project.project_id} failed: " in caplog.text
    assert len(mail.outbox) == 1


def test_a_round_ends_where_it_is_asked_to(alice: MintedProject, caplog: Any) -> None:
    make_loop(alice.project, state="shipped", now=NOW - timedelta(days=100))

    periodic_jobs.run_all_jobs(clock, answers(False))

    assert Notice.objects.count() == 1  # as old as it is


def test_without_the_control_database_there_is_a_next_round(monkeypatch: Any, caplog: Any, db: None) -> None:
    monkeypatch.setattr(connections, "close_all", lambda: None)  # the test's own is one of them
    made = PeriodicJobs(60)

    with connections["default"].execute_wrapper(locked):
        made.round()
    made.round()

    assert caplog.text.count("the periodic jobs ended early, the next run is in 60 s: locked") == 1
    assert Lease.objects.get().holder == made.holder


def test_only_the_holder_makes_a_round_and_says_once_that_it_does(
    monkeypatch: Any, caplog: Any, db: None
) -> None:
    caplog.set_level("INFO", "loopkit.job_thread")
    monkeypatch.setattr(connections, "close_all", lambda: None)
    made = []
    monkeypatch.setattr(periodic_jobs, "run_all_jobs", lambda clock, go_on: made.append(go_on()))
    first, second = PeriodicJobs(60), PeriodicJobs(60)

    for one in (first, second, first):
        one.round()

    assert made == [True, True]
    assert caplog.text.count("runs the periodic jobs from now on, every 60 s") == 1
    assert Lease.objects.get().holder == first.holder


def test_the_thread_ends_when_it_is_asked_to() -> None:
    made = PeriodicJobs(3600)
    made.start()

    made.ended.set()
    made.join(5)

    assert made not in threading.enumerate()


@pytest.mark.parametrize("seconds", [1, 300])
def test_a_lease_outlives_the_pause_between_rounds(seconds: int) -> None:
    assert PeriodicJobs(seconds).length > timedelta(seconds=seconds)
