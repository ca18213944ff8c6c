"""What is due happens by itself, in one process of all, and what goes wrong in one project stops no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, connections
from django.utils import timezone

from diagnosis import periodic_jobs
from diagnosis.lease import LeaseClaim
from diagnosis.models import FingerprintSwitch, Lease, Loop, MailChoice, Notice, Packet
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


class Steady:
    """A monotonic clock that goes on when it is told to."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def steady() -> Steady:
    """The clock of the processes of a test."""
    return Steady()


@pytest.fixture
def claims(db: None, steady: Steady) -> tuple[LeaseClaim, LeaseClaim]:
    """Two processes that want the same lease of a minute."""
    a, b = (LeaseClaim("rounds", name, 60, steady) for name in "ab")
    return a, b


def test_one_holder_has_the_lease_until_it_stands_still_for_its_length(
    claims: tuple[LeaseClaim, LeaseClaim], steady: Steady
) -> None:
    a, b = claims
    assert a.take()
    assert not b.take()
    steady.seconds = 50
    assert a.take()
    steady.seconds = 100
    assert not b.take()  # it sees the renewal only now
    steady.seconds = 159
    assert not b.take()
    steady.seconds = 160
    assert b.take()
    assert not a.take()


def test_a_lease_that_is_given_back_is_free_at_once(claims: tuple[LeaseClaim, LeaseClaim]) -> None:
    a, b = claims
    a.take()

    b.release()
    assert not b.take()
    a.release()

    assert b.take()


def test_who_has_no_lease_writes_nothing(
    claims: tuple[LeaseClaim, LeaseClaim], django_assert_num_queries: Any
) -> None:
    a, b = claims
    a.take()

    with django_assert_num_queries(1):
        assert not b.take()


def test_of_two_who_see_a_dead_holder_one_takes_over(db: None, steady: Steady) -> None:
    LeaseClaim("rounds", "dead", 60, steady).take()
    waiting = [LeaseClaim("rounds", f"w{n}", 60, steady) for n in range(3)]
    first_look = [claim.take() for claim in waiting]
    steady.seconds = 60

    assert first_look == [False] * 3
    assert [claim.take() for claim in waiting] == [True, False, False]


def test_the_log_says_who_waits_for_whom_once(
    claims: tuple[LeaseClaim, LeaseClaim], steady: Steady, caplog: Any
) -> None:
    caplog.set_level("INFO", "diagnosis.lease")
    a, b = claims
    a.take()
    for seconds in (0, 30, 59, 60):
        steady.seconds = seconds
        b.take()

    assert [record.getMessage() for record in caplog.records] == [
        "b waits for a, which has the lease rounds; takes it after 60 s without a renewal",
        "b takes the lease rounds from a, which has not renewed it",
    ]


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

    wrong = f"verifying project {alice.project.project_id} failed: diagnosis_loop.issue ("
    assert wrong in caplog.text
    assert "holds wrong" in caplog.text
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
    assert Lease.objects.get().holder == made.lease.holder


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
    assert Lease.objects.get().holder == first.lease.holder


def test_the_thread_ends_when_it_is_asked_to() -> None:
    made = PeriodicJobs(3600)
    made.start()

    made.ended.set()
    made.join(5)

    assert made not in threading.enumerate()


@pytest.mark.parametrize("seconds", [1, 300])
def test_a_lease_outlives_the_pause_between_rounds(seconds: int) -> None:
    assert PeriodicJobs(seconds).lease.length > seconds


def test_a_project_waits_for_the_switch_of_its_fingerprints(alice: MintedProject, caplog: Any) -> None:
    now = timezone.now()
    FingerprintSwitch.objects.create(
        project=alice.project, from_version=1, to_version=2, started_at=now, actor="user:boss"
    )
    caplog.set_level("INFO", "diagnosis.periodic_jobs")

    periodic_jobs.attempt("verifying", lambda: periodic_jobs.review_and_log(alice.project, lambda: now))

    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("INFO", None)]
