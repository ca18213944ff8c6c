"""A fix verified on stored records: what is counted, what is written, where the loop goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from diagnosis import baseline
from diagnosis.loops import WrongState, note
from diagnosis.models import Loop, LoopEvent, Packet, Severity, Verification
from diagnosis.verification import needed, recheck, verify
from telemetry.fingerprint import cluster_id
from telemetry.models import Record
from telemetry.times import rfc3339
from tenants.binding import bind
from tenants.provisioning import Minted
from tests.telemetry.factory import span, store

T0 = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)  # the first failures
SHIPPED = T0 + timedelta(hours=2)
Send = Callable[..., None]


@pytest.fixture
def send(alice: Minted) -> Send:
    """`send(since, failing=3, ok=7)`: so many records, one a second."""

    def records(since: datetime, failing: int = 0, ok: int = 0, name: str = "place order") -> None:
        errors = ["no stock"] * failing + [""] * ok
        spans = [
            span(name, trace=f"{since}{n}", at=since + timedelta(seconds=n), error=error)
            for n, error in enumerate(errors)
        ]
        store(alice.project, spans, since)

    return records


@pytest.fixture
def loop(alice: Minted, send: Send) -> Loop:
    """20 of 50 records failed, the loop was proposed an hour later, and its fix shipped after another."""
    send(T0, failing=20, ok=30)
    with bind(alice.project):
        failure = Record.objects.filter(fingerprint__isnull=False)[0]
    window = {"start": rfc3339(T0 - timedelta(minutes=5)), "end": rfc3339(T0 + timedelta(hours=1))}
    packet = make_packet(alice, window)
    return Loop.objects.create(
        project=alice.project,
        cluster_id=cluster_id(failure.fingerprint),
        state=Loop.State.SHIPPED,
        title="place order: no stock",
        severity=Severity.HIGH,
        signal_type="error",
        service="shop",
        operation="place order",
        failures=20,
        issue={},
        packet=packet,
        shipped_at=SHIPPED,
        created_at=T0,
        updated_at=T0,
    )


def make_packet(minted: Minted, window: dict[str, str]) -> Packet:
    """A packet of that window."""
    document = {"window": window}
    return Packet.objects.create(project=minted.project, status="ready", document=document, created_at=T0)


def after(hours: float) -> datetime:
    """So long after the fix shipped."""
    return SHIPPED + timedelta(hours=hours)


@pytest.fixture
def held(loop: Loop, send: Send) -> Loop:
    """The fix ran 60 times without a failure and was verified after one hour."""
    send(SHIPPED, ok=60)
    verify(loop, after(1))
    return loop


def test_a_fix_without_failures_in_enough_traffic_held(loop, send):
    send(SHIPPED, ok=60)

    found = verify(loop, after(1))

    assert found.verdict == loop.verdict == "held"
    assert loop.state == Loop.State.HELD
    assert found.document["reason"].startswith("No failure in 60 records; at the rate before, about 24 ")
    assert found.document["needed"] == ""


def test_the_document_shows_both_windows_with_counts_and_rates(loop, send):
    send(SHIPPED, failing=2, ok=48)

    document = verify(loop, after(1)).document

    assert document["before"] == {
        "failures": 20,
        "exposure": 50,
        "rate": 0.4,
        "window": {
            "start": "2026-05-04T11:55:00.000000Z",
            "end": "2026-05-04T14:00:00.000000Z",
            "since_minutes": 125,
        },
    }
    assert (document["after"]["failures"], document["after"]["exposure"]) == (2, 50)
    assert document["after"]["window"]["start"] == document["before"]["window"]["end"]
    assert document["ratio"]["estimate"] == pytest.approx(0.1)
    assert document["ratio"]["low"] < 0.1 < document["ratio"]["high"]


def test_failures_that_remain_are_named(alice, loop, send):
    send(SHIPPED, failing=7, ok=43)

    ids = verify(loop, after(1)).document["evidence_ids"]

    with bind(alice.project):
        failing = Record.objects.filter(fingerprint__isnull=False).order_by("-start_time_unix_nano")
        assert ids == [str(record) for record in failing[:5]]


@pytest.mark.parametrize(
    ("failing", "ok", "verdict", "state"),
    [
        (0, 60, "held", Loop.State.HELD),
        (5, 95, "improved", Loop.State.INCONCLUSIVE),
        (0, 3, "inconclusive", Loop.State.INCONCLUSIVE),
        (200, 300, "unchanged", Loop.State.INCONCLUSIVE),
        (90, 10, "regressed", Loop.State.REGRESSED),
        (0, 0, "no_traffic", Loop.State.SHIPPED),
    ],
)
def test_the_verdict_moves_the_loop(loop, send, failing, ok, verdict, state):
    send(SHIPPED, failing=failing, ok=ok)

    found = verify(loop, after(1))

    assert (found.verdict, loop.verdict, loop.state) == (verdict, verdict, state)


def test_quiet_without_traffic_is_never_held(loop, send):
    send(SHIPPED, ok=60, name="list orders")

    found = verify(loop, after(24))

    assert found.verdict == "no_traffic"
    assert loop.state == Loop.State.SHIPPED
    assert found.document["needed"] == "about 12 more records of place order without a failure"


def test_an_inconclusive_fix_is_held_once_enough_ran(loop, send):
    send(SHIPPED, ok=3)
    verify(loop, after(1))
    send(after(2), ok=9)

    found = verify(loop, after(3))

    assert found.verdict == "held"
    assert found.document["after"]["exposure"] == 12


@pytest.mark.parametrize("state", ["proposed", "approved", "rejected", "returned", "regressed"])
def test_a_fix_that_did_not_ship_is_not_verified(loop, state):
    Loop.objects.update(state=state)
    loop.refresh_from_db()

    with pytest.raises(WrongState, match=f"verify needs a loop that is shipped .* this one is {state}"):
        verify(loop, after(1))


def test_of_two_verifications_at_once_one_moves_the_loop(loop, send):
    send(SHIPPED, ok=60)
    other = Loop.objects.get(pk=loop.pk)
    verify(loop, after(1))

    with pytest.raises(WrongState):
        verify(other, after(1))

    assert Verification.objects.count() == 1
    assert LoopEvent.objects.filter(kind=LoopEvent.Kind.VERIFIED).count() == 1


def test_a_failure_that_returns_is_a_regression_against_the_held_window(held, send):
    send(after(2), failing=6, ok=54)  # a tenth: less than before the fix, but far from held

    found = verify(held, after(3))

    assert found.verdict == "regressed"
    assert held.state == Loop.State.REGRESSED
    assert (found.document["before"]["failures"], found.document["before"]["exposure"]) == (0, 60)
    assert found.document["before"]["window"]["end"] == rfc3339(after(1))
    assert held.events.filter(kind=LoopEvent.Kind.REGRESSED).count() == 1


def test_a_held_fix_that_is_verified_again_stays_held(held, send):
    send(after(2), ok=10)

    found = verify(held, after(3))

    assert (found.verdict, held.state) == ("held", Loop.State.HELD)
    assert found.document["reason"] == "No failure in 10 records since the fix held: it has not come back."


def test_looking_again_and_again_does_not_move_the_held_window(held, send):
    kept = held.baseline
    send(after(2), failing=1, ok=10)

    verify(held, after(3))

    assert held.baseline == kept


def test_recheck_leaves_a_held_fix_alone_for_one_stray_failure(alice, held, send):
    send(after(2), failing=1)

    found = recheck(alice.project, after(3))

    assert found == []
    assert Loop.objects.get().state == Loop.State.HELD
    assert Verification.objects.count() == 1


def test_recheck_flags_a_failure_that_is_back(alice, held, send):
    send(after(2), failing=10, ok=10)

    found = recheck(alice.project, after(3))

    assert [(item.loop_id, item.verdict) for item in found] == [(held.loop_id, "regressed")]
    assert Loop.objects.get().state == Loop.State.REGRESSED


def test_recheck_looks_at_held_fixes_only(alice, loop, send):
    send(SHIPPED, failing=90, ok=10)

    assert recheck(alice.project, after(1)) == []


def test_recheck_stays_in_its_project(charlie, held, send):
    send(after(2), failing=10, ok=10)

    assert recheck(charlie.project, after(3)) == []


def test_a_second_fix_is_measured_against_what_came_after_the_first(held, send):
    send(after(2), failing=30, ok=30)
    verify(held, after(3))
    second = after(4)
    Loop.objects.update(state=Loop.State.SHIPPED, shipped_at=second)
    held.refresh_from_db()
    send(second, ok=60)

    found = verify(held, second + timedelta(hours=1))

    assert found.verdict == "held"
    assert (found.document["before"]["failures"], found.document["before"]["exposure"]) == (30, 60)


def test_the_window_before_starts_with_the_packet_that_proposed_the_loop(alice, loop, send):
    send(T0 - timedelta(hours=3), failing=5, ok=5)
    first = make_packet(alice, {"start": rfc3339(T0 - timedelta(hours=4)), "end": rfc3339(T0)})
    note(loop, LoopEvent.Kind.PROPOSED, "loopkit", T0, packet_id=first.packet_id)

    counted = baseline.baseline(loop, SHIPPED)

    assert (counted["failures"], counted["exposure"]) == (25, 60)


def test_the_window_before_is_30_days_at_most(loop):
    Packet.objects.update(document={"window": {"start": "2020-01-01T00:00:00.000000Z"}})
    loop.refresh_from_db()

    counted = baseline.baseline(loop, SHIPPED)

    assert counted["window"]["since_minutes"] == 43200


def test_a_baseline_that_was_counted_when_the_fix_shipped_is_kept(loop, send):
    loop.baseline = baseline.baseline(loop, SHIPPED) | {"failures": 21, "exposure": 51}
    loop.save()
    send(SHIPPED, ok=60)

    before = verify(loop, after(1)).document["before"]

    assert (before["failures"], before["exposure"]) == (21, 51)


@pytest.mark.parametrize(
    ("records", "text"),
    [
        (None, ""),
        (0, ""),
        (1, "about 1 more record of place order without a failure"),
        (331, "about 340 more records of place order without a failure"),
        (12_345, "about 13,000 more records of place order without a failure"),
    ],
)
def test_what_is_needed_is_said_in_round_numbers(records, text):
    assert needed(records, "place order") == text
