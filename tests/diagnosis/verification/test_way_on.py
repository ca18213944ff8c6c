"""There is always a way on: what is needed can happen and decides, or else what to do instead is said everywhere."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import pytest
from django.test import Client

from diagnosis.handoff import reports
from diagnosis.loops import next_action
from diagnosis.models import Loop, LoopEvent, WayOn
from diagnosis.verification.verify import recheck, verify
from diagnosis.verification.way_on import DAY, most_records, way_on
from telemetry.api import user_signal
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record
from telemetry.windows import MAX_MINUTES
from tenants.stores.binding import bind
from tests.diagnosis.console_requests import QUEUE, page_of, text
from tests.diagnosis.factory import make_issue
from tests.diagnosis.shipped_loop import SHIPPED, T0, Send, after
from tests.diagnosis.verification.generated_histories import History, drawn, loop_about
from tests.telemetry.factory import span, store
from tests.thorough import thorough

FINAL = ("held", "regressed")
UNDECIDED = ("inconclusive", "no_traffic")


def fulfilled(history: History) -> str:
    """The verdict once what is needed ran, at the pace that there is."""
    compared = history.compared()
    needed, ran = compared.judgement.needed or 0, compared.after
    side = ran if ran.counts.exposure else compared.before
    minutes = ceil(needed * side.window.since_minutes / side.counts.exposure)
    return history.going_on(needed, max(minutes, compared.judgement.minutes)).compared().judgement.verdict


@pytest.mark.parametrize(
    "seeds", [range(60), *thorough(*(range(start, start + 60) for start in range(60, 240, 60)))], ids=str
)
def test_what_is_needed_can_happen_and_decides(seeds: range) -> None:
    histories = [(seed, drawn(seed)) for seed in seeds]
    waits = [
        (seed, history)
        for seed, history in histories
        if (compared := history.compared()).judgement.verdict in UNDECIDED
        and not way_on(loop_about(), compared)
    ]

    decided = {seed: fulfilled(history) for seed, history in waits}

    assert len(waits) > 5
    assert decided == dict.fromkeys(decided, "held")


def test_what_is_said_to_be_out_of_reach_is_not_reached_in_30_days() -> None:
    reached = []
    for seed in range(200):
        history = drawn(seed)
        compared = history.compared()
        if way_on(loop_about(), compared) == WayOn.TOO_RARE and history.after[0] >= DAY:
            left = MAX_MINUTES - history.after[0]
            pace = most_records(compared) / MAX_MINUTES
            more = int(pace * left)
            then = history.going_on(more, left).compared() if more else compared
            reached.append(then.judgement.verdict == "held")

    assert len(reached) > 15
    assert not any(reached)


def says_what_to_do(client: Client, loop: Loop, reason: str) -> None:
    """Assert that the API, the loop's page and the queue say what to do instead of waiting."""
    Loop.objects.update(issue=make_issue())  # pages show one
    loop = Loop.objects.get()
    sentence = next_action.instead_of(reason, loop)
    assert sentence
    assert (loop.way_on, next_action.for_loop(loop).startswith(sentence)) == (reason, True)
    assert "asked_again" in next_action.for_loop(loop)
    assert sentence in text(client.get(page_of(loop)))
    queue = text(client.get(QUEUE))
    assert (loop.pk in queue, WayOn(reason).label in queue) == (True, True)


def ship(loop: Loop, at: datetime) -> Loop:
    """The loop once another fix of it shipped."""
    reports.record_report(loop, LoopEvent.Kind.SHIPPED, "key", at + timedelta(minutes=1), shipped_at=at)
    return Loop.objects.get(pk=loop.pk)


@pytest.fixture
def fixed(loop: Loop) -> Loop:
    """The loop, whose first fix was reported."""
    Loop.objects.update(state=Loop.State.APPROVED, shipped_at=None)
    return ship(Loop.objects.get(), SHIPPED)


def test_a_second_fix_is_measured_against_what_failed_before_the_first(fixed: Loop, send: Send) -> None:
    send(SHIPPED, ok=9)  # the first fix mended it, and too little ran to say so
    verify(fixed, after(1))
    second = ship(fixed, after(2))
    send(after(2), ok=60)

    found = verify(second, after(3))

    before = found.document["before"]
    assert (found.verdict, before["failures"], before["exposure"]) == ("held", 20, 59)
    assert before["window"]["start"] < "2026-05-04T12:00"


def test_a_baseline_without_failures_that_an_earlier_version_stored_is_measured_so_too(
    fixed: Loop, send: Send
) -> None:
    send(SHIPPED, ok=9)
    verify(fixed, after(1))
    second = ship(fixed, after(2))
    empty = {"failures": 0, "exposure": 9, "rate": 0.0, "batches": [], "clustering": []}
    since = second.baseline["window"] | {"start": "2026-05-04T14:00:00.000000Z", "since_minutes": 120}
    Loop.objects.update(baseline=second.baseline | empty | {"window": since})

    found = verify(Loop.objects.get(), after(3))

    assert (found.document["before"]["failures"], found.document["way_on"]) == (20, None)


def test_a_fix_of_what_had_stopped_before_it_says_what_to_do(boss: Client, loop: Loop, send: Send) -> None:
    Loop.objects.update(shipped_at=after(24 * 40))
    send(after(24 * 40), ok=30)

    found = verify(Loop.objects.get(), after(24 * 40 + 1))

    assert (found.verdict, found.document["needed"]) == ("inconclusive", "")
    assert found.document["instead"] == next_action.INSTEAD[WayOn.NO_FAILURES]
    says_what_to_do(boss, loop, WayOn.NO_FAILURES)


def test_failures_of_one_burst_need_time_as_well_and_then_it_held(alice: Any, loop: Loop, send: Send) -> None:
    for hour in range(1, 12):  # all failures were in the first of them
        send(T0 + timedelta(minutes=10 * hour), ok=40)
    send(SHIPPED, ok=40)

    found = verify(loop, after(0.2))
    document = found.document
    minutes = found.document["needed"].rsplit("over ", 1)[-1]

    assert (found.verdict, document["way_on"]) == ("inconclusive", None)
    assert minutes.endswith("or more")
    hours = ceil(document["needed_exposure"] / 40 * 0.2) + 1
    for part in range(5 * hours):
        send(after(0.2 + part / 5), ok=40)
    assert verify(loop, after(0.2 + hours)).verdict == "held"


def test_users_who_only_ever_rate_down_are_no_dead_end(alice: Any, boss: Client, loop: Loop) -> None:
    with bind(alice.project):
        for number in range(12):
            at = T0 + timedelta(minutes=number)
            user_signal.take_signal(user_signal.UserSignal("down", session_id=f"s{number}", time=at), at)
        record = Record.objects.filter(signal_type="user_signal")[0]
    Loop.objects.update(
        signal_type="user_signal",
        cluster_id=cluster_id(record.fingerprint),
        service=record.service,
        operation=record.operation,
    )

    found = verify(Loop.objects.get(), after(1))

    assert (found.verdict, found.document["way_on"]) == ("no_traffic", "only_complaints")
    says_what_to_do(boss, loop, WayOn.ONLY_COMPLAINTS)
    with bind(alice.project):
        for number in range(12):
            at = after(2) + timedelta(minutes=number)
            user_signal.take_signal(user_signal.UserSignal("up", session_id=f"t{number}", time=at), at)
    assert verify(Loop.objects.get(), after(3)).verdict == "held"
    assert next_action.for_loop(Loop.objects.get()).startswith("Nothing: the fix held.")


def durations(alice: Any, since: datetime, milliseconds: list[float]) -> None:
    """Records of these durations, one a second."""
    spans = [
        span("place order", trace=f"{since} {n}", at=since + timedelta(seconds=n), duration_ms=ms)
        for n, ms in enumerate(milliseconds)
    ]
    store(alice.project, spans, since, {"service.name": "shop"})


def slow(chance: random.Random, number: int, times: float = 1.0) -> list[float]:
    """So many log-normal durations around 100 ms."""
    return [100 * times * chance.lognormvariate(0, 0.3) for _ in range(number)]


@pytest.fixture
def slow_loop(alice: Any, loop: Loop) -> Loop:
    """A loop about latency, of which enough ran before its fix."""
    durations(alice, T0 + timedelta(minutes=2), slow(random.Random(1), 300, 4))
    Loop.objects.update(signal_type="latency")
    return Loop.objects.get()


def test_a_fix_of_latency_that_held_says_what_would_show_that_it_is_slow_again(
    alice: Any, slow_loop: Loop
) -> None:
    chance = random.Random(2)
    durations(alice, SHIPPED, slow(chance, 200))
    assert verify(slow_loop, after(0.1)).verdict == "held"
    slower = slow(chance, 31, 1.4)
    durations(alice, after(1), slower)
    seen = verify(slow_loop, after(1.1)).document

    needed = seen["needed_exposure"]
    durations(alice, after(2), (slower * needed)[:needed])

    assert seen["verdict"] == "held"
    assert seen["needed"].endswith("that are as slow as since the fix held, to say that it is back")
    assert verify(slow_loop, after(3)).verdict == "regressed"


def test_a_fix_of_latency_is_judged_again_however_many_ran(
    alice: Any, slow_loop: Loop, monkeypatch: Any
) -> None:
    monkeypatch.setattr("diagnosis.verification.own_durations.MOST", 100)
    chance = random.Random(3)
    durations(alice, SHIPPED, slow(chance, 200))
    verify(slow_loop, after(0.1))
    durations(alice, after(1), slow(chance, 900))
    verify(slow_loop, after(2))
    durations(alice, after(3), slow(chance, 1_500, 4))

    assert verify(slow_loop, after(4)).verdict == "regressed"


def test_too_few_durations_before_are_no_dead_end(alice: Any, boss: Client, loop: Loop) -> None:
    Loop.objects.update(signal_type="latency", shipped_at=T0 + timedelta(seconds=5))
    durations(alice, SHIPPED, [100.0] * 60)

    found = verify(Loop.objects.get(), after(1))

    assert found.document["way_on"] == "few_before"
    says_what_to_do(boss, loop, WayOn.FEW_BEFORE)


def test_a_day_without_traffic_is_told_and_less_is_waited_for(boss: Client, loop: Loop) -> None:
    verify(loop, after(20))
    waited = loop.way_on

    verify(loop, after(25))

    assert waited == ""
    says_what_to_do(boss, loop, WayOn.NOTHING_RAN)


def test_a_day_of_other_releases_is_told(boss: Client, loop: Loop, send: Send) -> None:
    Loop.objects.update(release="2.0.0")
    send(T0 - timedelta(minutes=4), ok=20, release="1.0.0")
    send(SHIPPED, ok=60, release="1.0.0")

    verify(Loop.objects.get(), after(25))

    says_what_to_do(boss, loop, WayOn.OTHER_RELEASES)


def test_other_failures_that_rose_are_what_to_mend(boss: Client, loop: Loop, send: Send) -> None:
    send(SHIPPED, failing=30, ok=30, cause="no such item")

    found = verify(loop, after(1))

    assert (found.document["needed"], bool(found.document["moved_to"])) == ("", True)
    says_what_to_do(boss, loop, WayOn.MOVED)


def test_the_periodic_check_finds_it_without_being_asked_and_takes_it_back(loop: Loop, send: Send) -> None:
    recheck(loop.project, after(25))
    told = Loop.objects.get().way_on

    send(after(25), ok=3)
    recheck(loop.project, after(25.5))

    assert (told, Loop.objects.get().way_on) == ("nothing_ran", "")


def orders(loop: Loop, since: datetime, outcomes: list[bool], minutes: float, environment: str) -> None:
    """Records that ran evenly over these minutes; True: it failed."""
    spans = [
        span(
            "place order",
            trace=f"{since} {number}",
            at=since + timedelta(minutes=number * minutes / len(outcomes)),
            error="no stock" if fails else "",
        )
        for number, fails in enumerate(outcomes)
    ]
    resource = {"service.name": "shop", "deployment.environment.name": environment}
    store(loop.project, spans, since, resource)


@pytest.mark.parametrize("seed", range(16))
def test_histories_of_attempts_and_environments_have_a_way_on(boss: Client, fixed: Loop, seed: int) -> None:
    chance, loop, hours = random.Random(seed), fixed, 0.0
    attempts, pace = chance.choice((1, 2, 3)), chance.choice((3, 10, 40))
    for attempt in range(attempts):
        if attempt and loop.state == Loop.State.INCONCLUSIVE:
            loop = ship(loop, after(hours))
        length, rate = chance.choice((0.5, 2.0, 30.0)), chance.choice((0, 0, 0.1, 0.4))
        outcomes = [chance.random() < rate for _ in range(chance.choice((0, 1, 1)) * ceil(pace * length))]
        if outcomes:
            orders(loop, after(hours), outcomes, 60 * length, chance.choice(("production", "staging")))
        hours += length
        document = verify(loop, after(hours)).document
        if loop.state in FINAL:
            return

    if document["way_on"]:
        says_what_to_do(boss, loop, document["way_on"])
    elif document["verdict"] in UNDECIDED:
        for side in (
            "before",
            "after",
        ):  # first where it failed before, then where it goes on under another name
            rows = [row for row in document["environments"] if row[side]]
            where = max(rows, key=lambda row: (row[side]["failures"], row[side]["exposure"]))["environment"]
            needed = document["needed_exposure"]
            orders(loop, after(hours), [False] * needed, 60 * needed / pace, where or "")
            hours += needed / pace
            document = verify(loop, after(hours)).document
            if document["verdict"] == "held":
                return
        pytest.fail(document["reason"])
    else:
        assert "second fix" in next_action.for_loop(loop)
