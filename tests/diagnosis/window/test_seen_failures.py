"""What was seen of a failure: observed counts of seven days, whichever window is diagnosed, and whatever came first."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from diagnosis.console.queue import columns
from diagnosis.diagnose import diagnose
from diagnosis.models import Loop
from diagnosis.window import seen_failures
from telemetry.windows import Window
from tests.telemetry.factory import span, store

NOW = datetime.fromisoformat("2026-05-20T12:00:00+00:00")
DAY = timedelta(days=1)


def failing(times: list[datetime], users: int = 0) -> list[dict]:
    """A failing order at each of these times, of these users in turn."""
    return [
        span(
            "place order",
            trace=f"{n}",
            at=at,
            error="no stock",
            attributes={"user.id": f"u{n % users}"} if users else {},
        )
        for n, at in enumerate(times)
    ]


def seen(alice) -> tuple[int, int, int, int]:
    """The numbers of the only loop."""
    loop = Loop.objects.get()
    return loop.failures_seen, loop.people_seen, loop.users_seen, loop.seen_seconds


@pytest.mark.parametrize("minutes", [1, 60, 600, 10080, 43200])
def test_no_window_changes_what_was_seen(alice, minutes):
    times = [NOW - timedelta(seconds=20 * n / 29) for n in range(30)]
    store(alice.project, failing(times, users=9), NOW)

    diagnose(alice.project, Window.ending(NOW + timedelta(seconds=1), minutes), NOW)

    assert seen(alice) == (30, 9, 9, 20)


@pytest.mark.parametrize("seed", range(3))
def test_only_the_seven_days_until_the_last_failure_count_in_any_order_of_arrival(alice, seed):
    times = [NOW - n * timedelta(hours=9) for n in range(40)]
    spans = failing(times)
    random.Random(seed).shuffle(spans)
    for sent in (spans[:13], spans[13:]):
        store(alice.project, sent, NOW)

    diagnose(alice.project, Window.ending(NOW + DAY, 60 * 48), NOW + DAY)

    within = [at for at in times if at >= NOW - 7 * DAY]
    assert seen(alice) == (len(within), len(within), 0, int((NOW - min(within)).total_seconds()))


def test_a_failure_far_ahead_of_now_hides_nothing(alice):
    store(alice.project, failing([NOW - n * DAY for n in range(3)]), NOW)
    store(alice.project, [span("place order", trace="later", at=NOW + 300 * DAY, error="no stock")], NOW)

    diagnose(alice.project, Window.ending(NOW + timedelta(seconds=1), 60), NOW)

    assert seen(alice)[0] == 3


def test_the_queue_says_what_was_seen_and_in_which_time(alice, boss):
    times = [NOW - n * timedelta(hours=51) / 29 for n in range(30)]
    store(alice.project, failing(times, users=9), NOW)
    diagnose(alice.project, Window.ending(NOW + timedelta(seconds=1), 60), NOW)

    page = boss.get(reverse("admin:diagnosis_loop_changelist")).content.decode()

    assert "30 failures, 9 users in 2 days 3 h" in page


def test_of_very_many_failures_the_newest_are_looked_up_and_the_queue_says_so(alice, boss, monkeypatch):
    monkeypatch.setattr(seen_failures, "MOST", 10)
    monkeypatch.setattr(columns, "MOST", 10)
    store(alice.project, failing([NOW - timedelta(hours=n) for n in range(30)], users=30), NOW)
    diagnose(alice.project, Window.ending(NOW + timedelta(seconds=1), 60), NOW)

    page = boss.get(reverse("admin:diagnosis_loop_changelist")).content.decode()

    assert "30 failures, at least 10 users in 1 day 5 h" in page


def test_the_tokens_of_a_trace_count_once(alice):
    model = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 700,
        "gen_ai.usage.output_tokens": 50,
    }
    spans = [span("chat m", trace="t", id="m", at=NOW, attributes=model)]
    spans += [span("order", trace="t", id=f"o{n}", at=NOW, error="no stock") for n in range(3)]
    store(alice.project, spans, NOW)

    diagnose(alice.project, Window.ending(NOW + timedelta(seconds=1), 60), NOW)

    assert Loop.objects.values_list("failures_seen", "tokens_seen").get() == (3, 750)
