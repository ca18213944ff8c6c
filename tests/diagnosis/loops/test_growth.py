"""When a rejected failure has grown: by rates, beyond chance, however long the windows are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.loops import growth
from diagnosis.loops.growth import ClusterNumbers
from diagnosis.models import Decision
from telemetry.models import Record
from telemetry.windows import Window, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.factory import make_issue
from tests.diagnosis.shipped_loop import T0, Send

END = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = 24 * 60
CLUSTER = 7


def window(minutes: float, end: datetime = END) -> Window:
    """So long before the end."""
    return Window(unix_nano(end - timedelta(minutes=minutes)), unix_nano(end))


def rejection(failures: int, minutes: float, times: int | None = 3, users: int = 0) -> Decision:
    """A rejection of a failure that came so often in so many minutes."""
    return Decision(times=times, numbers=ClusterNumbers(failures, users, window(minutes)).as_document())


def issue(failures: int, users: int = 0) -> dict[str, Any]:
    """The issue now."""
    return make_issue(impact={"records": failures, "users": users})


@pytest.mark.parametrize(
    ("was", "now", "grown"),
    [
        ((12, DAY), (40, DAY), True),
        ((12, DAY), (35, DAY), False),  # less than three times
        ((2, DAY), (6, DAY), False),  # three times, which chance does as well
        ((12, 60), (40, 60), True),
        ((12, 60), (288, DAY), False),  # the same rate over a longer window
        ((12, 60), (864, DAY), True),
        ((12, 60), (12 * 30 * 24, 30 * DAY), False),
        ((0, DAY), (40, DAY), False),  # no rate to grow from
    ],
)
def test_it_grows_by_failures_a_day_and_beyond_chance(
    alice: MintedProject, was: tuple[int, int], now: tuple[int, int], grown: bool
) -> None:
    with bind(alice.project):
        found = growth.growth_past_rejection(rejection(*was), issue(now[0]), window(now[1]), CLUSTER)

    assert (found is not None) is grown


def test_a_busy_hour_is_compared_with_a_day_like_the_decisions(alice: MintedProject, send: Send) -> None:
    send(T0, failing=20, ok=0)  # an hour with twenty failures, in a day with no other
    with bind(alice.project):
        cluster = int(Record.objects.all()[0].fingerprint or 0)
        found = growth.growth_past_rejection(
            rejection(12, DAY), issue(20), window(60, T0 + timedelta(hours=1)), cluster
        )

    assert found is None


def test_the_rest_of_the_longer_window_is_counted_from_the_records(alice: MintedProject, send: Send) -> None:
    send(T0, failing=20)
    send(T0 + timedelta(hours=20), failing=25)
    with bind(alice.project):
        cluster = int(Record.objects.all()[0].fingerprint or 0)
        found = growth.growth_past_rejection(
            rejection(12, DAY), issue(25), window(60, T0 + timedelta(hours=21)), cluster
        )

    assert found
    assert (found.failures, growth.a_day(found.per_day)) == (45, "45 failures a day")


def test_more_users_alone_are_growth_and_half_as_many_more_are_not(alice: MintedProject) -> None:
    with bind(alice.project):
        more = growth.growth_past_rejection(
            rejection(40, DAY, users=2), issue(40, users=30), window(DAY), CLUSTER
        )
        same = growth.growth_past_rejection(
            rejection(40, DAY, users=20), issue(40, users=30), window(DAY), CLUSTER
        )

    assert more
    assert same is None


def test_the_users_of_an_hour_are_not_multiplied_into_a_day(alice: MintedProject) -> None:
    with bind(alice.project):
        found = growth.growth_past_rejection(
            rejection(600, DAY, users=60), issue(25, users=9), window(60), CLUSTER
        )

    assert found is None


def test_what_is_rejected_for_good_never_grows(alice: MintedProject) -> None:
    with bind(alice.project):
        assert (
            growth.growth_past_rejection(rejection(1, DAY, times=None), issue(9999), window(DAY), CLUSTER)
            is None
        )


@pytest.mark.parametrize(
    ("first_seen", "length", "hours"),
    [("06:00:00", DAY, 6), ("11:59:50", DAY, 1), ("11:59:50", 10, 1)],
)
def test_a_failure_that_was_young_is_as_frequent_as_it_was_then_in_an_hour_at_least(
    first_seen: str, length: int, hours: int
) -> None:
    young = make_issue(first_seen=f"2026-05-04T{first_seen}.000000Z", impact={"records": 12, "users": 1})

    found = growth.since_first(young, window(length))

    assert found.per_day == 12 * 24 / hours


@pytest.mark.parametrize(
    ("failures", "said"),
    [
        (12.0, "12 failures a day"),
        (39.6, "39.6 failures a day"),
        (1234.0, "1,234 failures a day"),
        (1.0, "1 failure a day"),
        (0.5, "0.5 failures a day"),
    ],
)
def test_a_rate_is_said_in_few_figures(failures: float, said: str) -> None:
    assert growth.a_day(failures) == said
