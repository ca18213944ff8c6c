"""A loop says what ran since its last failure, also once no packet names the failure any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.loops import quiet_loops
from diagnosis.models import Loop
from telemetry.windows import Window, rfc3339
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import page_of
from tests.staff_clients import operator
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
STOPPED = NOON - timedelta(hours=5)


def calls(
    number: int, start: datetime, failing: int = 0, every: int = 1, name: str = "bill"
) -> list[dict[str, Any]]:
    """So many calls, `every` seconds apart, of which the first ones fail."""
    return [
        span(
            name,
            trace=f"{name}{start}{count}",
            at=start + timedelta(seconds=count * every),
            error=f"no template to {name}" if count < failing else "",
        )
        for count in range(number)
    ]


@pytest.fixture
def stopped(alice: MintedProject) -> MintedProject:
    """A failure that a packet proposed and that stopped then; the hour before noon has 120 calls without it."""
    store(alice.project, calls(10, STOPPED, failing=2), NOON)
    diagnose(alice.project, Window.ending(STOPPED + timedelta(minutes=1), 60), NOON)
    store(alice.project, calls(120, NOON - timedelta(minutes=50), every=20), NOON)
    return alice


def quiet() -> dict[str, Any]:
    """What the one loop says."""
    found = Loop.objects.get().quiet_since
    assert found
    return dict(found)


def test_a_packet_without_the_failure_says_how_much_ran_since(stopped: MintedProject, call: Any) -> None:
    assert (quiet()["records"], quiet()["is_quiet"]) == (8, False)

    diagnose(stopped.project, Window.ending(NOON, 60), NOON)

    assert (quiet()["since"], quiet()["until"]) == (rfc3339(STOPPED + timedelta(seconds=1)), rfc3339(NOON))
    assert (quiet()["records"], quiet()["is_quiet"]) == (128, True)
    loop = Loop.objects.get()
    [listed] = call("GET", "/v1/loops", stopped.keys["agent"]).json()["loops"]
    assert listed["quiet_since"] == loop.quiet_since
    boss = operator()
    assert "07:00 UTC, quiet since" in boss.get("/admin/diagnosis/loop/").content.decode()
    assert "128 records of the operation started after it" in boss.get(page_of(loop)).content.decode()


def test_an_earlier_window_changes_nothing(stopped: MintedProject) -> None:
    diagnose(stopped.project, Window.ending(NOON, 60), NOON)
    known = quiet()

    diagnose(stopped.project, Window.ending(STOPPED + timedelta(minutes=2), 60), NOON)
    diagnose(stopped.project, Window.ending(STOPPED + timedelta(hours=2), 60), NOON)

    assert quiet() == known


def test_a_failure_that_is_back_is_not_quiet(stopped: MintedProject) -> None:
    diagnose(stopped.project, Window.ending(NOON, 60), NOON)
    store(stopped.project, calls(3, NOON + timedelta(minutes=1), failing=1), NOON)

    later = NOON + timedelta(minutes=5)
    diagnose(stopped.project, Window.ending(later, 60), later)

    assert (quiet()["records"], quiet()["is_quiet"]) == (2, False)


def test_what_was_decided_says_what_was_so_then(stopped: MintedProject, django_user_model: Any) -> None:
    loop, known = Loop.objects.get(), quiet()
    approve_seen(loop, django_user_model.objects.create_superuser("decides"), "It hurts.", NOON)

    diagnose(stopped.project, Window.ending(NOON, 60), NOON)

    assert quiet() == known


def test_the_loops_that_wait_longest_are_measured_first(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet_loops, "MOST", 1)
    for name in ("bill", "pack"):
        store(alice.project, calls(10, STOPPED, failing=2, name=name), NOON)
    diagnose(alice.project, Window.ending(STOPPED + timedelta(minutes=1), 60), NOON)

    for hours in (1, 2):
        diagnose(alice.project, Window.ending(STOPPED + timedelta(hours=2 + hours), 60), NOON)

    untils = {loop.quiet_since["until"] for loop in Loop.objects.all() if loop.quiet_since}
    assert untils == {rfc3339(STOPPED + timedelta(hours=2 + hours)) for hours in (1, 2)}
