"""The operations of a window: their numbers, and a p95 that says how exact it is."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from diagnosis.window.operations import operations_json
from telemetry.windows import Window
from tenants.stores.binding import bind
from tests.diagnosis.dashboard_client import NOW, browser_of
from tests.telemetry.factory import span, store

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def operations_of(alice, end: datetime = AT + timedelta(hours=2)) -> dict[str, dict]:
    """The rows by operation."""
    with bind(alice.project):
        return {row["operation"]: row for row in operations_json(Window.ending(end, 48 * 60))}


@pytest.mark.parametrize("seed", range(3))
def test_the_p95_lies_between_its_bounds_over_hours_and_clusters(alice, seed):
    chance = random.Random(seed)
    times = [chance.lognormvariate(4, 0.8) for _ in range(250)]
    spans = [
        span(
            "work",
            trace=f"{n}",
            at=AT - timedelta(minutes=chance.randrange(1_500)),
            duration_ms=time,
            error="broke" if n % 7 == 0 else "",
        )
        for n, time in enumerate(times)
    ]
    store(alice.project, spans, AT)

    row = operations_of(alice)["work"]

    low, high = row["p95_between_ms"]
    exact = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    assert low - 0.001 <= exact <= high + 0.001
    assert low <= row["p95_ms"] <= high <= 2 * low


@pytest.mark.parametrize(
    "milliseconds",
    [
        [46.0 + n / 100 for n in range(60)],  # all in the upper half of one bucket
        [46.123457] * 20,
        [40.2, 41.7],
        [930.0] * 60 + [46.0] * 11,
        [0.0, 0.000001, 0.0004],
    ],
    ids=["near", "equal", "two", "two kinds", "short"],
)
@pytest.mark.parametrize("minutes_apart", [0, 7])
def test_the_p95_is_neither_shorter_nor_longer_than_every_record(alice, milliseconds, minutes_apart):
    spans = [
        span("work", trace=f"{n}", at=AT - timedelta(minutes=minutes_apart * (n % 5)), duration_ms=ms)
        for n, ms in enumerate(milliseconds)
    ]
    store(alice.project, spans, AT)

    row = operations_of(alice)["work"]

    measured = [sent / 1e6 for sent in (int(ms * 1e6) for ms in milliseconds)]
    assert min(measured) <= row["p95_ms"] <= max(measured)
    low, high = row["p95_between_ms"]
    assert row["p95_ms"] in measured or low < high


def test_one_record_is_shown_with_its_own_duration(alice):
    store(alice.project, [span("work", at=NOW - timedelta(minutes=5), duration_ms=300)], NOW)

    row = operations_of(alice, NOW)["work"]
    page = browser_of(alice).get("/dashboard").content.decode()

    assert (row["p95_ms"], row["p95_between_ms"]) == (300.0, [300.0, 300.0])
    assert '<td class="num">300 ms</td>' in page


def test_a_page_says_how_exact_an_estimate_is(alice):
    spans = [
        span("work", trace=f"{n}", at=NOW - timedelta(minutes=5), duration_ms=300 + n) for n in range(100)
    ]
    store(alice.project, spans, NOW)

    browser: Client = browser_of(alice)

    assert '<td class="num">~399 ms (262 ms to 399 ms)</td>' in browser.get("/dashboard").content.decode()
