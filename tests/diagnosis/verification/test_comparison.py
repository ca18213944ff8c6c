"""What makes a comparison more than two counts: sessions, bursts, looks, siblings, durations, trajectories."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from diagnosis.models import Loop, Verification
from diagnosis.verification.verify import verify
from tests.diagnosis.shipped_loop import SHIPPED, T0, after
from tests.telemetry.factory import span, store


def test_failures_of_few_sessions_prove_less(loop, send):
    send(SHIPPED, failing=40, ok=10, sessions=2)

    assert verify(loop, after(1)).verdict == "inconclusive"
    assert loop.verifications.get().document["spread"]["design_effect"] > 5


def test_an_outage_of_a_minute_proves_little(loop, send):
    send(SHIPPED, failing=60, ok=0)
    for minute in range(2, 12):
        send(SHIPPED + timedelta(minutes=minute), ok=5)

    found = verify(loop, after(1))

    assert found.verdict == "inconclusive"
    assert found.document["spread"]["burst_variance"] > 0.5


def test_asking_again_and_again_costs_nothing_and_writes_nothing(loop, send):
    send(SHIPPED, failing=5, ok=30)
    first = verify(loop, after(1))
    events, revision = loop.events.count(), loop.revision

    again = [verify(loop, after(1) + timedelta(minutes=n)) for n in range(3)]

    assert {found.verdict for found in again} == {first.verdict} == {"improved"}
    assert again[0].document["look"] == first.document["look"]
    assert again[0].document["reason"].endswith("too few for a new verdict, so the last verdict stands.")
    assert (Verification.objects.count(), loop.events.count(), loop.revision) == (1, events, revision)


def test_the_next_look_counts_once_twice_as_much_is_known(loop, send):
    send(SHIPPED, failing=5, ok=30)
    first = verify(loop, after(1)).document["look"]
    send(after(2), ok=40)

    second = verify(loop, after(3)).document

    assert (first["number"], second["look"]["number"]) == (1, 2)
    assert second["look"]["information"] >= 2 * first["information"]
    assert second["after"]["exposure"] == 75


@pytest.mark.parametrize("sessions", [2, 60])
def test_what_is_needed_never_grows_while_nothing_fails(loop, send, sessions):
    send(SHIPPED, failing=4, ok=3, sessions=sessions)
    needed, hours = list[int](), 0.1
    while loop.state != Loop.State.HELD:
        needed.append(verify(loop, after(hours)).document["needed_exposure"])
        send(after(hours), ok=9, sessions=3)
        hours += 0.05 + 0.4 * (len(needed) % 5)  # with pauses

    assert needed == sorted(needed, reverse=True)
    assert len(needed) == 1 - -needed[0] // 9  # as promised at first


def test_a_fix_holds_as_soon_as_enough_ran_whenever_somebody_looked(loop, send):
    send(SHIPPED, failing=1, ok=11)
    first = verify(loop, after(0.5)).document
    send(after(1), ok=first["needed_exposure"] - 1)
    too_early = verify(loop, after(1.5)).document
    send(after(2), ok=1)

    found = verify(loop, after(2.5))

    assert (too_early["verdict"], too_early["needed_exposure"]) == ("improved", 1)
    assert (found.verdict, loop.state) == ("held", Loop.State.HELD)


def test_what_is_unlikely_to_come_is_said_so(loop, send):
    send(SHIPPED, failing=13, ok=100)

    needed = verify(loop, after(1)).document["needed"]

    assert needed.startswith("another fix, or about ")
    assert needed.endswith(" without a failure, which is unlikely at the rate since this one")


@pytest.mark.parametrize("failing", [30, 60])
def test_a_fix_that_moved_the_pain_did_not_hold(loop, send, failing):
    send(SHIPPED, failing=failing, ok=60 - failing, cause="no warehouse")

    found = verify(loop, after(1))

    assert found.verdict == "inconclusive"
    assert "the problem may have moved" in found.document["reason"]
    [moved] = found.document["moved_to"]
    assert (moved["failures_before"], moved["failures_after"]) == (0, failing)


def test_a_few_other_failures_are_no_moved_pain(loop, send):
    send(SHIPPED, failing=3, ok=60, cause="no warehouse")

    found = verify(loop, after(1))

    assert (found.verdict, found.document["moved_to"]) == ("held", [])


def test_the_trajectory_says_how_sessions_went(loop, send):
    send(SHIPPED, failing=1, ok=59, sessions=30)

    told = verify(loop, after(1)).document["trajectory"]

    assert (told["before"]["sessions"], told["after"]["sessions"]) == (50, 30)
    assert told["before"]["success_rate"]["value"] == pytest.approx(0.6)
    assert told["after"]["success_rate"]["value"] == pytest.approx(29 / 30)
    assert told["after"]["success_rate"]["low"] < 29 / 30 < told["after"]["success_rate"]["high"]
    assert told["after"]["steps"]["value"] == 2


@pytest.mark.parametrize(
    ("slower", "verdict"), [(1, "unchanged"), (0.1, "held"), (3, "regressed"), (0.7, "improved")]
)
def test_a_loop_about_latency_is_judged_by_durations(alice, loop, slower, verdict):
    Loop.objects.update(signal_type="latency", service="shop", operation="slow work")
    loop.refresh_from_db()
    chance = random.Random(3)
    for start, factor in ((T0, 1.0), (SHIPPED, slower)):
        times = [100 * factor * chance.lognormvariate(0, 0.4) for _ in range(500)]
        spans = [
            span("slow work", trace=f"{start}{n}", at=start + timedelta(seconds=n), duration_ms=time)
            for n, time in enumerate(times)
        ]
        store(alice.project, spans, start)

    assert verify(loop, after(1)).verdict == verdict


@pytest.mark.parametrize(
    ("way_ms", "child_ms", "verdict"),
    [
        (5, 20, "held"),  # the way to it was slow, and is no more
        (400, 20, "inconclusive"),  # the same, of too few records to say so
        (400, 900, "inconclusive"),  # what it called is slower: not its own time
    ],
)
def test_a_loop_about_latency_is_judged_by_what_told_it(alice, loop, way_ms, child_ms, verdict):
    Loop.objects.update(signal_type="latency", service="stock", operation="serve")
    loop.refresh_from_db()
    chance = random.Random(4)

    for start, way, child in ((T0, 400, 20), (SHIPPED, way_ms, child_ms)):
        spans: dict[str, list[Any]] = {"web": [], "stock": []}
        for n in range(60):
            own, at, name = 10 + chance.random(), start + timedelta(seconds=n), f"{start}{n}"
            took = own + child
            spans["web"].append(span("call", trace=name, id=f"{name}a", at=at, duration_ms=way + took))
            spans["stock"] += [
                span("serve", trace=name, id=f"{name}b", parent=f"{name}a", at=at, duration_ms=took),
                span("query", trace=name, id=f"{name}c", parent=f"{name}b", at=at, duration_ms=child),
            ]
        for service, sent in spans.items():
            store(alice.project, sent, start, {"service.name": service})

    assert verify(loop, after(1)).verdict == verdict


def test_a_window_without_traffic_is_no_analysis_whose_verdict_stands(loop, send):
    send(T0 + timedelta(minutes=5), failing=4, ok=6, release="1.0.0")
    send(SHIPPED, failing=5, ok=30, release="1.0.0")
    first = verify(loop, after(1))
    Loop.objects.update(release="1.0.1")  # put right: none of these records had the fix
    loop.refresh_from_db()
    assert verify(loop, after(2)).verdict == "no_traffic"
    send(after(2), failing=1, ok=4, release="1.0.1")

    found = verify(loop, after(3))

    assert first.verdict == "improved"
    assert found.verdict == first.verdict
    assert found.document["reason"].endswith("so the last verdict stands.")
