"""Which records of a slow operation count as slow: those above the duration that the issue states, and no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.detection.own_time import CalledOperation, Step, TimedStep
from diagnosis.detection.rules.latency import SIGNAL, eval_problem, latency_clusters, stated_limit_ms
from diagnosis.diagnose import diagnose
from diagnosis.packets.publishing import packet_as_answered
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACE = CalledOperation("records", "SELECT visits")


def runs(durations_ms: Sequence[float]) -> list[TimedStep]:
    """A run of each own time, each in a trace of its own."""
    return [
        TimedStep(
            Step(
                number.to_bytes(16, "big"), b"s" * 8, b"", number, int(ms * 1e6), *PLACE[:2], "", "", "", "", 0, 0, 0
            ),
            PLACE,
            ms,
        )
        for number, ms in enumerate(durations_ms)
    ]  # fmt: skip


def slow_issue(alice: MintedProject, minutes: int) -> dict[str, Any]:
    """The one issue of the window that ends now."""
    packet = packet_as_answered(diagnose(alice.project, Window.ending(NOW, minutes), NOW))
    [issue] = [issue for issue in packet["issues"] if issue["signal_type"] == SIGNAL]
    return dict(issue)


def send(alice: MintedProject, first_minute: float, durations_ms: Sequence[float], release: str) -> list[str]:
    """
    Send a request of web every three seconds, whose call of records takes so long; return the ids of their traces.

    Args:
        first_minute: before NOW.
    """
    start = NOW - timedelta(minutes=first_minute)
    spans: dict[str, list[Any]] = {"web": [], "records": []}
    for number, ms in enumerate(durations_ms):
        name, at = f"{release}-{first_minute}-{number}", start + timedelta(seconds=3 * number)
        spans["web"].append(span("GET /visits", trace=name, id=f"{name}-a", at=at, duration_ms=ms + 12))
        spans["records"].append(
            span("SELECT visits", trace=name, id=f"{name}-b", parent=f"{name}-a", at=at, duration_ms=ms)
        )
    for service, sent in spans.items():
        store(alice.project, sent, NOW, {"service.name": service, "service.version": release})
    return [sent["traceId"] for sent in spans["records"]]


@pytest.mark.parametrize(
    ("minutes", "fast_ms", "slow_ms", "before", "still_fast", "slow"),
    [
        (25, 46, 930, 70, 11, 60),  # the release came in the window
        (25, 46, 930, 70, 70, 30),  # most still runs the release before
        (60, 8, 31, 200, 40, 90),
        (10, 300, 700, 40, 0, 40),
        (25, 46, 930, 70, 3, 60),
    ],
)
def test_of_two_releases_in_a_window_the_records_of_the_fast_one_are_not_slow(
    alice: MintedProject, minutes: int, fast_ms: int, slow_ms: int, before: int, still_fast: int, slow: int
) -> None:
    def around(ms: int, number: int) -> list[float]:
        return [ms * (1 + 0.002 * (n % 9 - 4)) for n in range(number)]

    send(alice, 2 * minutes, around(fast_ms, before), "1.4.0")
    send(alice, minutes, around(fast_ms, still_fast), "1.4.0")
    slow_traces = send(alice, minutes - still_fast / 20 - 1, around(slow_ms, slow), "1.5.0")

    issue = slow_issue(alice, minutes)

    assert (issue["count"], issue["impact"]["operation_records"]) == (slow, slow + still_fast)
    assert set(issue["traces"]) <= set(slow_traces)
    assert ("of the operation is slow" in issue["severity_reason"]) == (slow >= 0.2 * (slow + still_fast))
    assert {row["release"]: row["failures"] for row in issue["releases"]}["1.5.0"] == slow


def test_slow_records_in_the_window_before_hide_none_of_those_since(alice: MintedProject) -> None:
    send(alice, 50, [40.0 + n % 7 for n in range(70)], "1.4.0")
    send(alice, 26, [900.0 + n for n in range(10)], "1.5.0")
    send(alice, 24, [900.0 + n % 13 for n in range(60)], "1.5.0")

    assert slow_issue(alice, 25)["count"] == 60


DURATIONS = st.lists(
    st.floats(0.01, 5_000, allow_nan=False).map(lambda ms: round(ms, 6)), min_size=5, max_size=40
)


@given(DURATIONS, DURATIONS)
def test_the_slow_records_are_those_above_the_stated_duration(before: list[float], now: list[float]) -> None:
    for cluster in latency_clusters({PLACE: runs(before)}, {PLACE: runs(now)}):
        message = cluster.records[0].message
        limit = stated_limit_ms(message)

        assert limit is not None
        assert len(cluster.records) == sum(ms > limit for ms in now) > 0


@given(st.floats(0.4, 900), st.floats(6, 90), st.integers(5, 60))
def test_the_factor_is_that_of_the_medians_as_measured(ms: float, factor: float, number: int) -> None:
    before, now = [round(ms, 6)] * number, [round(ms * factor, 6)] * number

    [cluster] = latency_clusters({PLACE: runs(before)}, {PLACE: runs(now)})

    message = cluster.records[0].message
    times, shown_now, shown_before = (
        float(text) for text in re.findall(r"[\d.]+(?= times| ms, was| ms of own)", message)
    )
    assert times == pytest.approx(median(now) / median(before), abs=0.051)
    assert times == pytest.approx(shown_now / shown_before, rel=0.02)


def test_an_operation_that_took_no_time_before_is_longer_and_no_multiple() -> None:
    [cluster] = latency_clusters({PLACE: runs([0.0] * 30)}, {PLACE: runs([40.0] * 30)})

    assert cluster.records[0].message.startswith("takes longer than before: median 40.0 ms, was 0.0 ms")


def test_a_message_of_an_earlier_version_has_the_middle_of_its_medians_as_limit() -> None:
    limit = stated_limit_ms("takes 10.0 times as long as before: median 500.0 ms, was 50.0 ms")

    assert limit == pytest.approx((500.2 * 50.2) ** 0.5 - 0.2)


def test_records_of_a_slower_operation_are_slow_though_some_took_longer_before() -> None:
    before, now = [10.0] * 80 + [1000.0] * 20, [100.0] * 100

    [cluster] = latency_clusters({PLACE: runs(before)}, {PLACE: runs(now)})

    assert len(cluster.records) == 100


@pytest.mark.parametrize(("seconds", "is_slow"), [(0.206, False), (0.208, True)])
def test_the_eval_fails_above_the_duration_that_the_issue_states(seconds: float, is_slow: bool) -> None:
    [cluster] = latency_clusters({PLACE: runs([46.0] * 30)}, {PLACE: runs([930.0] * 30)})

    case = {"failure": cluster.records[0].message}

    assert case["failure"].endswith("slow above 207 ms")
    assert bool(eval_problem(case, {}, seconds)) == is_slow
