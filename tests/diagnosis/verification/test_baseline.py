"""What a fix is measured against."""

from __future__ import annotations

from datetime import timedelta

from diagnosis.loops import lifecycle
from diagnosis.loops.lifecycle import append_event
from diagnosis.models import Loop, LoopEvent, Packet
from diagnosis.verification import baseline
from diagnosis.verification.verify import verify
from telemetry.models import Record
from telemetry.windows import rfc3339
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import SHIPPED, T0, after, make_packet


def test_a_cause_in_two_operations_is_counted_over_both(loop, send):
    send(T0 + timedelta(minutes=5), failing=10, ok=40, name="list orders")
    with bind(loop.project):
        same = Record.objects.filter(operation="list orders", fingerprint__isnull=False)
        same.update(fingerprint=lifecycle.loop_fingerprint(loop))

    counted = baseline.baseline(loop, SHIPPED)

    assert (counted["operations"], counted["failures"]) == (["list orders", "place order"], 30)
    assert counted["exposure"] == 100


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
    append_event(loop, LoopEvent.Kind.PROPOSED, "loopkit", T0, packet_id=first.packet_id)

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
