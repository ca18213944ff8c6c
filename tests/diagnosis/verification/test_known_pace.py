"""Whether so many records as are needed can come is said once it is known how many come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from diagnosis.models import Loop, WayOn
from diagnosis.statistics.rates import Counts
from diagnosis.verification.comparison import Comparison
from diagnosis.verification.verify import verify
from diagnosis.verification.way_on import DAY, is_pace_awaited, way_on
from diagnosis.window.cluster_counts import Stretches
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record
from telemetry.windows import MINUTE_NANO, rfc3339
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import T0, Send, make_packet
from tests.diagnosis.verification.generated_histories import SHIPPED_MINUTE, History, loop_about

AWAITED = "whether so many come in 30 days is known once it ran for a day"


def evenly(minutes: range, records: int, failing: int = 0) -> Stretches:
    """So many records over these minutes of a window, and failures among them."""
    stretches: Stretches = {}
    for number in range(records):
        minute = minutes[number * len(minutes) // records]
        stretches[minute] = stretches.get(minute, Counts(0, 0)) + Counts(
            int((number + 1) * failing // records > number * failing // records), 1
        )
    return stretches


def compared(
    before: tuple[int, Stretches], after: tuple[int, Stretches], ran: int | None = None
) -> Comparison:
    """
    The comparison of both windows.

    Args:
        ran: so many minutes before the fix its operations first ran; None: before the window.
    """
    comparison = History(before, after).compared()
    return (
        comparison
        if ran is None
        else replace(comparison, ran_since_unix_nano=(SHIPPED_MINUTE - ran) * MINUTE_NANO)
    )


def reason(comparison: Comparison) -> str:
    """Why no further traffic decides; "" if it does."""
    return way_on(loop_about(), comparison)


@pytest.mark.parametrize("since", [0, 1, 5, 60])
def test_a_program_that_just_began_is_not_called_rare_for_the_time_before_it_began(since: int) -> None:
    before = 1440, evenly(range(1430, 1440), 1_000, failing=1)
    after = since, evenly(range(since), 100 * since)

    assert reason(compared(before, after, ran=10)) == ""
    assert not is_pace_awaited(loop_about(), compared(before, after, ran=10))  # at its pace, so many come


@pytest.mark.parametrize("records", [1, 3, 30])
def test_what_runs_in_the_first_seconds_of_a_fix_says_nothing_about_its_pace(records: int) -> None:
    before = 24 * 60, evenly(range(24 * 60), 20_000) | {700: Counts(300, 300)}

    found = compared(before, (0, {0: Counts(0, records)}))

    assert (found.judgement.verdict, reason(found)) == ("inconclusive", "")
    assert found.judgement.needed


def test_traffic_that_grew_with_the_fix_can_bring_what_is_needed() -> None:
    before = 30 * DAY, evenly(range(0, 30 * DAY, 60), 300, failing=1)

    assert reason(compared(before, (60, evenly(range(60), 9)))) == WayOn.TOO_RARE
    assert reason(compared(before, (60, evenly(range(60), 200)))) == ""


def test_after_a_week_the_pace_since_the_fix_is_what_counts() -> None:
    before = 30 * DAY, evenly(range(30 * DAY), 30_000, failing=30)

    assert reason(compared(before, (6 * DAY, evenly(range(6 * DAY), 20)))) == ""
    assert reason(compared(before, (7 * DAY, evenly(range(7 * DAY), 20)))) == WayOn.TOO_RARE


def test_a_rare_operation_waits_for_a_day_and_is_then_called_rare() -> None:
    before = 1440, evenly(range(720, 1440), 240, failing=1)
    hours = {
        hours: compared(before, (60 * hours, evenly(range(60 * hours), 20 * hours)), ran=720)
        for hours in (1, 11, 12)
    }

    assert {number: reason(one) for number, one in hours.items()} == {1: "", 11: "", 12: WayOn.TOO_RARE}
    assert [is_pace_awaited(loop_about(), one) for one in hours.values()] == [True, True, False]


@pytest.fixture
def rare(alice: MintedProject, loop: Loop, send: Send) -> Loop:
    """A loop about one failure of 240 records, proposed by a packet of a whole day before."""
    send(T0, failing=1, ok=239, name="rare", cause="no card")
    with bind(alice.project):
        failure = Record.objects.filter(operation="rare", fingerprint__isnull=False)[0]
    loop.cluster_id, loop.operation = cluster_id(failure.fingerprint or 0), "rare"
    loop.packet = make_packet(
        alice, {"start": rfc3339(T0 - timedelta(days=1)), "end": rfc3339(T0 + timedelta(hours=1))}
    )
    loop.save()
    return loop


def shipped(loop: Loop, at: datetime) -> Loop:
    """The loop whose fix shipped then."""
    Loop.objects.update(shipped_at=at)
    loop.refresh_from_db()
    return loop


def test_the_answer_says_that_its_pace_is_not_known_yet(rare: Loop, send: Send) -> None:
    at = T0 + timedelta(hours=13)
    send(at, ok=3, name="rare")

    first = verify(shipped(rare, at), at + timedelta(minutes=2)).document
    later = verify(rare, at + timedelta(hours=12)).document

    assert (first["way_on"], first["needed"].endswith(AWAITED)) == (None, True)
    assert (later["way_on"], AWAITED in later["needed"]) == ("too_rare", False)


def test_an_operation_that_ran_for_a_day_before_is_called_rare_at_once(rare: Loop, send: Send) -> None:
    at = T0 + timedelta(hours=30)
    send(at, ok=3, name="rare")

    assert verify(shipped(rare, at), at + timedelta(minutes=2)).document["way_on"] == "too_rare"


def test_hours_before_the_operation_first_ran_are_no_traffic(rare: Loop, send: Send) -> None:
    at = T0 + timedelta(minutes=10)
    send(at, ok=3, name="rare")

    document = verify(shipped(rare, at), at + timedelta(minutes=2)).document

    assert (document["way_on"], AWAITED in document["needed"]) == (None, False)
    assert document["needed_exposure"] > 20_000
