"""Counts from rollups and edges against a count of every record."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from diagnosis.statistics.rates import Counts
from diagnosis.window import cluster_counts, exposure
from diagnosis.window.cluster_counts import Target
from telemetry.models import Record
from telemetry.windows import Window, unix_nano
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

T0 = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECONDS = 600
PLACE = frozenset({"place order"})


def test_any_window_counts_as_its_records_do(alice):
    chance = random.Random(7)
    spans = [
        span(
            chance.choice(["place order", "list orders"]),
            trace=number,
            at=T0 + timedelta(seconds=chance.choice([0, 60, 120, chance.uniform(0, SECONDS)])),
            error=chance.choice(["", "", "no stock", "timed out"]),
        )
        for number in range(500)
    ]
    store(alice.project, spans, T0)

    with bind(alice.project):
        rows = list(Record.objects.values_list("start_time_unix_nano", "operation", "fingerprint"))
        cluster = next(key for _, operation, key in rows if key and operation == "place order")
        for _ in range(200):
            window = some_window(chance)
            within = [row for row in rows if window.start_unix_nano <= row[0] < window.end_unix_nano]
            expected = Counts(
                failures=sum(key == cluster for _, _, key in within),
                exposure=sum(operation == "place order" or key == cluster for _, operation, key in within),
            )

            assert cluster_counts.observe_cluster(window, Target("shop", PLACE, cluster)).counts == expected
            assert exposure.records_in(window) == len(within)


def test_a_long_window_is_counted_in_longer_stretches(alice):
    days = [T0 + timedelta(days=day, minutes=day) for day in range(20)]
    store(alice.project, [span("place order", trace=day, at=day, error="no stock") for day in days], T0)
    window = Window.ending(days[-1] + timedelta(hours=1), 20 * 24 * 60)

    with bind(alice.project):
        found = cluster_counts.observe_cluster(window, Target("shop", PLACE, 1))

    assert cluster_counts.stretch_minutes(window) == 40
    assert found.counts.exposure == sum(batch.exposure for batch in found.batches) == 20
    assert len(found.batches) == 12


def some_window(chance: random.Random) -> Window:
    """Long or short, on the minute or off it, also empty."""
    ends = [chance.choice([chance.uniform(-60, SECONDS), chance.randrange(11) * 60]) for _ in range(2)]
    start, end = (unix_nano(T0 + timedelta(seconds=seconds)) for seconds in sorted(ends))
    return Window(start, end)


def test_a_service_with_the_same_operation_is_no_exposure(alice):
    store(alice.project, [span("place order", trace=1, at=T0, error="no stock")], T0)
    store(alice.project, [span("place order", trace=2, at=T0)], T0, resource={"service.name": "other"})
    window = Window.ending(T0 + timedelta(minutes=5), 10)

    with bind(alice.project):
        cluster = Record.objects.get(service="shop").fingerprint
        found = cluster_counts.observe_cluster(window, Target("shop", PLACE, cluster)).counts

    assert found == Counts(failures=1, exposure=1)


def test_whole_minutes_are_not_read_from_records(alice):
    store(alice.project, [span("place order", trace=1, at=T0 + timedelta(seconds=90))], T0)
    window = Window.ending(T0 + timedelta(minutes=5), 5)

    with bind(alice.project):
        Record.objects.all().delete()

        assert exposure.records_in(window) == 1


def test_the_newest_failures_come_first(alice):
    spans = [span("place order", trace=n, at=T0 + timedelta(seconds=n), error="no stock") for n in range(8)]
    store(alice.project, spans, T0)
    window = Window.ending(T0 + timedelta(minutes=5), 10)

    with bind(alice.project):
        rows = list(Record.objects.order_by("-start_time_unix_nano"))
        ids = cluster_counts.newest_record_ids(window, Target("shop", PLACE, rows[0].fingerprint), 3)

    assert ids == [str(row) for row in rows[:3]]
