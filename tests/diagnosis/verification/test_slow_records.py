"""A verdict on latency shows how many records were slow before and since, by the duration that the issue states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.agents.short_loops import short_verdict
from diagnosis.console import verification_facts
from diagnosis.diagnose import diagnose
from diagnosis.handoff import fix_history
from diagnosis.loops import fixes
from diagnosis.models import Loop, LoopEvent
from diagnosis.verification import baseline
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DURATIONS = (  # fast and slow milliseconds, then records: fast before, fast and slow in the window, fast and slow since
    (46, 930, 70, 11, 60, 90, 0),
    (46, 930, 70, 11, 60, 80, 4),
    (5, 40, 200, 100, 130, 250, 0),
)


def send(alice: MintedProject, start: datetime, milliseconds: list[float]) -> None:
    """A request every two seconds, which takes so long."""
    spans = [
        span(
            "GET /visits", trace=f"{start}{number}", at=start + timedelta(seconds=2 * number), duration_ms=ms
        )
        for number, ms in enumerate(milliseconds)
    ]
    store(alice.project, spans, start, {"service.name": "records"})


def slow_loop(alice: MintedProject, fast: float, slow: float, numbers: tuple[int, ...]) -> Loop:
    """The loop of an operation that became slow, with a fix that shipped at NOW and what ran since."""
    before, still_fast, slow_ones, fast_since, slow_since = numbers
    send(alice, NOW - timedelta(minutes=50), [fast + 0.01 * (n % 7) for n in range(before)])
    send(alice, NOW - timedelta(minutes=24), [fast] * still_fast + [slow + n % 5 for n in range(slow_ones)])
    diagnose(alice.project, Window.ending(NOW, 25), NOW)
    loop = Loop.objects.get(signal_type="latency")
    Loop.objects.update(state=Loop.State.SHIPPED, shipped_at=NOW, attempt=1)
    loop.refresh_from_db()
    loop.baseline = baseline.baseline(loop, NOW)
    loop.save()
    send(alice, NOW, [slow] * slow_since + [fast] * fast_since)
    return loop


@pytest.mark.parametrize("program", DURATIONS, ids=str)
def test_both_windows_count_the_slow_records_of_the_issue(
    alice: MintedProject, program: tuple[Any, ...]
) -> None:
    fast, slow, *numbers = program
    loop = slow_loop(alice, fast, slow, tuple(numbers))

    document = verify(loop, NOW + timedelta(minutes=30)).document

    _, still_fast, slow_ones, fast_since, slow_since = numbers
    before, after = document["before"], document["after"]
    assert (before["failures"], before["exposure"]) == (slow_ones, slow_ones + still_fast)
    assert (after["failures"], after["exposure"]) == (slow_since, slow_since + fast_since)
    assert (loop.failures, loop.issue["impact"]["operation_records"]) == (
        before["failures"],
        before["exposure"],
    )
    assert before["counted"] == after["counted"] == "slow records"
    limit = before["slow_above_ms"]
    assert loop.issue["message"].endswith(f"slow above {limit:g} ms")
    assert (
        f"Slow, above {limit:g} ms of own time: {slow_ones} of {slow_ones + still_fast} records before"
        in document["reason"]
    )
    assert document["expected_failures"] == pytest.approx(
        slow_ones / (slow_ones + still_fast) * (slow_since + fast_since)
    )


def test_the_ratio_says_what_it_compares(alice: MintedProject) -> None:
    document = verify(slow_loop(alice, 46, 930, (70, 11, 60, 90, 0)), NOW + timedelta(minutes=30)).document

    compared = document["ratio_of"]

    assert (compared["quantile"], compared["after"]) == (0.5, {"failures": 0, "exposure": 90})
    shares = [compared[side]["failures"] / compared[side]["exposure"] for side in ("before", "after")]
    assert document["ratio"]["estimate"] == shares[1] / shares[0]
    facts = dict(verification_facts.verdict_facts(document))
    assert facts[f"Share of records above {compared['above_ms']:.0f} ms (median before), after by before"]
    assert "Rate after by rate before" not in facts
    assert facts["Before the fix"].startswith("60 of 71 records slower than ")
    assert facts["Since the fix"].startswith("0 of 90 records slower than ")
    assert facts["Expected without a change"] == "76.1 slow records since the fix"
    assert short_verdict(document)["ratio_of"] == {"quantile": 0.5, "above_ms": compared["above_ms"]}


def test_a_held_fix_says_how_many_were_slow_when_it_held_and_since(alice: MintedProject) -> None:
    loop = slow_loop(alice, 46, 930, (70, 11, 60, 90, 0))
    assert verify(loop, NOW + timedelta(minutes=30)).verdict == "held"
    loop.refresh_from_db()
    quiet = verify(loop, NOW + timedelta(minutes=31)).document
    send(alice, NOW + timedelta(minutes=32), [930.0] * 2 + [46.0] * 40)

    document = verify(loop, NOW + timedelta(minutes=40)).document

    assert quiet["reason"].startswith("No slow record of 90 when it held; nothing ran with the fix since")
    assert (document["before"]["failures"], document["after"]["failures"]) == (0, 2)
    assert "0 of 90 records when it held, 2 of 42 since." in document["reason"]


def test_the_history_of_fixes_counts_slow_records_before_each(alice: MintedProject) -> None:
    loop = slow_loop(alice, 46, 930, (70, 11, 60, 90, 0))
    assert loop.baseline is not None
    detail = {"before": fixes.side_shown(loop.baseline), "shipped_at": NOW.isoformat()}

    [fix] = fixes.fixes_of_events([LoopEvent(kind="shipped", created_at=NOW, detail=detail)])

    assert "; before it 60 of 71 records slower than " in fix_history.fix_line(fix.shown())


def test_the_plan_says_in_which_window_it_counts(alice: MintedProject) -> None:
    loop = slow_loop(alice, 46, 930, (70, 11, 60, 90, 0))

    plan = loop.issue["patch_plan"]["verify"]

    assert "in the window of this packet, 60 of 71 records were slow." in plan


def test_a_baseline_of_an_earlier_version_is_shown_as_slow_records(alice: MintedProject) -> None:
    loop = slow_loop(alice, 46, 930, (70, 11, 60, 90, 0))
    assert loop.baseline is not None
    old = {name: value for name, value in loop.baseline.items() if name not in ("observed", "slow_above_ms")}
    loop.baseline = old | {"failures": 0, "rate": 0.0, "counted": "failures"}
    loop.issue = loop.issue | {"message": "takes 20.2 times as long as before: median 930.0 ms, was 46.0 ms"}
    loop.save()

    before = verify(loop, NOW + timedelta(minutes=30)).document["before"]

    assert (before["failures"], before["exposure"], before["counted"]) == (60, 71, "slow records")


@pytest.mark.parametrize(("way", "own"), [((2, 2), (46, 930)), ((3, 400), (20, 20)), ((90, 90), (5, 60))])
def test_a_fix_is_verified_by_what_the_issue_measured(
    alice: MintedProject, way: tuple[int, int], own: tuple[int, int]
) -> None:
    def call(start: datetime, number: int, way_ms: int, own_ms: int) -> None:
        spans: dict[str, list[Any]] = {"web": [], "records": []}
        for n in range(number):
            at, name, took = start + timedelta(seconds=2 * n), f"{start}{n}", own_ms + 0.01 * (n % 5)
            spans["web"].append(
                span("call", trace=name, id=f"{name}a", at=at, duration_ms=way_ms + took + 0.01 * (n % 7))
            )
            spans["records"].append(
                span("SELECT visits", trace=name, id=f"{name}b", parent=f"{name}a", at=at, duration_ms=took)
            )
        for service, sent in spans.items():
            store(alice.project, sent, start, {"service.name": service})

    call(NOW - timedelta(minutes=50), 70, way[0], own[0])
    call(NOW - timedelta(minutes=24), 60, way[1], own[1])
    diagnose(alice.project, Window.ending(NOW, 25), NOW)
    loop = Loop.objects.get(signal_type="latency")
    loop.state, loop.shipped_at, loop.attempt = Loop.State.SHIPPED, NOW, 1
    loop.baseline = baseline.baseline(loop, NOW)
    loop.save()
    call(NOW, 60, way[0], own[0])

    document = verify(loop, NOW + timedelta(minutes=30)).document

    slow = way[1] if way[0] != way[1] else own[1]
    assert document["verdict"] == "held"
    assert document["ratio_of"]["above_ms"] == pytest.approx(slow, abs=0.1)  # as in the issue
    assert f"median {slow} ms" in loop.issue["message"].replace(".0 ms", " ms")
    of = "time of calls on their way" if way[0] != way[1] else "own time"
    assert f"median went from {slow} ms" in document["reason"].replace(".0 ms", " ms")
    assert f" ms of {of}: 60 of 60 records before, 0 of 60 since." in document["reason"]
    assert (document["before"]["failures"], document["after"]["failures"]) == (60, 0)


def test_a_verification_of_an_earlier_version_shows_no_count_of_slow_records(alice: MintedProject) -> None:
    loop = slow_loop(alice, 46, 930, (70, 11, 60, 90, 0))
    verify(loop, NOW + timedelta(minutes=30))
    stored = loop.verifications.get()
    old = {"failures": 0, "exposure": 71, "rate": 0.0, "counted": "failures"}
    stored.document = stored.document | {
        "before": stored.document["before"] | old,
        "after": stored.document["after"] | old,
        "ratio_of": None,
    }
    for side in ("before", "after"):
        del stored.document[side]["slow_above_ms"]
    stored.save()

    [shown] = verification_facts.show_verifications(loop.verifications.all(), loop)

    facts = dict(shown.facts)
    of = "71 records, of which an earlier version did not count the slow ones"
    assert facts["Before the fix"].startswith(f"{of}, ")
    assert facts["Since the fix"].startswith(f"{of}, ")
    assert "Expected without a change" not in facts
    assert "Share of records above a duration, after by before" in facts
