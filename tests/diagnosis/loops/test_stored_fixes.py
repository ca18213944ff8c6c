"""Loops that an earlier version stored, in every state that a fix can be in, have numbered fixes after the upgrade."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from diagnosis.loops.fixes import shipped_fixes
from diagnosis.models import Loop, LoopEvent
from telemetry.windows import rfc3339
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import make_loop

SHIPPED = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
REPORTED = SHIPPED + timedelta(hours=1)


def upgrade() -> None:
    """What the migrations do with rows."""
    import_module("diagnosis.migrations.0014_attempts").count_fixes(apps, None)
    import_module("diagnosis.migrations.0015_shipping_times").name_times(apps, None)


def event(loop: Loop, kind: str, at: datetime, **detail: Any) -> None:
    """An event as earlier versions stored it."""
    LoopEvent.objects.create(loop=loop, kind=kind, actor="key", detail=detail, created_at=at)


@pytest.mark.parametrize("state", ["shipped", "inconclusive", "held", "regressed", "approved"])
def test_a_stored_fix_is_attempt_one_with_the_time_of_its_loop(alice: MintedProject, state: str) -> None:
    loop = make_loop(alice.project, state=state)
    Loop.objects.update(shipped_at=SHIPPED, release="1")
    event(loop, "shipped", REPORTED, release="1")

    upgrade()

    [fix] = shipped_fixes(loop)
    assert Loop.objects.get().attempt == 1
    assert (fix.attempt, fix.release, fix.shipped_at) == (1, "1", rfc3339(SHIPPED))
    assert fix.reported_at == rfc3339(REPORTED)


def test_of_earlier_fixes_the_time_of_the_report_is_what_is_known(alice: MintedProject) -> None:
    loop = make_loop(alice.project, state="inconclusive")
    Loop.objects.update(shipped_at=SHIPPED)
    event(loop, "shipped", SHIPPED - timedelta(days=2), release="1")
    event(loop, "verified", SHIPPED - timedelta(days=1), verdict="held")
    event(loop, "regressed", SHIPPED - timedelta(hours=9), verdict="regressed", evidence_ids=[])
    event(loop, "shipped", REPORTED)

    upgrade()

    first, second = shipped_fixes(loop)
    assert Loop.objects.get().attempt == 2
    assert (first.shipped_at, first.verdict) == (rfc3339(SHIPPED - timedelta(days=2)), "regressed")
    assert first.held_at == rfc3339(SHIPPED - timedelta(days=1))
    assert first.back == {"at": rfc3339(SHIPPED - timedelta(hours=9)), "releases": []}
    assert (second.shipped_at, second.release) == (rfc3339(SHIPPED), "")


def test_a_loop_without_a_fix_has_none(alice: MintedProject) -> None:
    loop = make_loop(alice.project)

    upgrade()

    assert (Loop.objects.get().attempt, shipped_fixes(loop)) == (0, [])


def test_an_upgrade_that_runs_again_changes_nothing(alice: MintedProject) -> None:
    loop = make_loop(alice.project, state="held")
    Loop.objects.update(shipped_at=SHIPPED)
    event(loop, "shipped", REPORTED)
    upgrade()
    before = list(LoopEvent.objects.values())

    upgrade()

    assert list(LoopEvent.objects.values()) == before
    assert Loop.objects.get().attempt == 1
