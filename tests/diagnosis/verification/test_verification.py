"""A fix verified on stored records: what is counted, what is written, where the loop goes."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.loops.lifecycle import WrongState
from diagnosis.models import Loop, LoopEvent, Verification
from diagnosis.verification import verify as verifying
from diagnosis.verification.comparison import compare_with_baseline
from diagnosis.verification.verification_document import evidence_needed, without_failure
from diagnosis.verification.verify import verify
from telemetry.models import Record
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import SHIPPED, after


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
        "counted": "failures",
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
    assert found.document["needed"] == "about 12 more records of {operation} without a failure"
    assert found.document["with"] == {"text": {"operation": "place order"}}


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


@pytest.mark.parametrize(
    ("records", "text"),
    [
        (None, ""),
        (0, ""),
        (1, "about 1 more record of {operation} without a failure"),
        (331, "about 340 more records of {operation} without a failure"),
        (12_345, "about 13,000 more records of {operation} without a failure"),
    ],
)
def test_what_is_needed_is_said_in_round_numbers(records, text):
    assert evidence_needed(records, "place order", "error", without_failure("error")).text == text


def test_two_who_verify_at_once_both_get_an_answer(loop, send, monkeypatch):
    send(SHIPPED, failing=5, ok=30)
    meanwhile = [lambda: verify(Loop.objects.get(pk=loop.pk), after(1))]

    def compare(*args: Any) -> Any:
        comparison = compare_with_baseline(*args)
        while meanwhile:
            meanwhile.pop()()
        return comparison

    monkeypatch.setattr(verifying, "compare_with_baseline", compare)

    found = verifying.verify_latest(loop, after(1))

    assert (found.verdict, loop.state) == ("improved", Loop.State.INCONCLUSIVE)
    assert loop.verifications.count() == 1
