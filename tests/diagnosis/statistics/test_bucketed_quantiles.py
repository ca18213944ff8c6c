"""Quantiles from buckets, against those of the durations themselves."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.statistics.bucketed_quantiles import Bucket, BucketedQuantile, quantile_ms
from telemetry.store.counts.rollups import bucket_start_nano
from telemetry.store.counts.row_groups import bucket

DURATIONS = st.lists(st.integers(0, 10**12), min_size=1, max_size=300)
QUANTILES = st.sampled_from([0.5, 0.9, 0.95, 0.99])


def counted(durations: list[int]) -> list[Bucket]:
    """The durations in nanoseconds as rollups count them, one bucket for each, in any order."""
    return [Bucket(bucket_start_nano(bucket(nano)), 1, nano, nano) for nano in durations]


def counted_by_minute(durations: list[int], minutes: int) -> list[Bucket]:
    """The durations in nanoseconds as rollups of so many minutes count them, each of which knows its longest alone."""
    rows: dict[tuple[int, int], list[int]] = {}
    for number, nano in enumerate(durations):
        rows.setdefault((number % minutes, bucket(nano)), []).append(nano)
    return [
        Bucket(bucket_start_nano(number), len(times), max(times), max(times))
        for (_, number), times in rows.items()
    ]


def exact_ms(quantile: float, durations: list[int]) -> float:
    """The quantile of the durations themselves."""
    return sorted(durations)[math.ceil(quantile * len(durations)) - 1] / 1e6


@given(durations=DURATIONS, quantile=QUANTILES)
def test_the_bounds_hold_the_exact_quantile_and_the_estimate(durations: list[int], quantile: float) -> None:
    found, exact = quantile_ms(quantile, counted(durations)), exact_ms(quantile, durations)

    assert found.low <= exact <= found.high
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9
    assert found.high <= 2 * found.low or found.low == found.high or found.low < 0.001


NEAR = st.integers(0, 10**10).flatmap(
    lambda least: st.lists(st.integers(least, least + least // 4 + 9), min_size=1, max_size=200)
)


@given(durations=DURATIONS | NEAR, quantile=QUANTILES, minutes=st.integers(1, 40))
def test_a_quantile_lies_among_the_durations_and_has_three_digits_where_it_is_estimated(
    durations: list[int], quantile: float, minutes: int
) -> None:
    found = quantile_ms(quantile, counted_by_minute(durations, minutes))

    assert min(durations) / 1e6 <= found.value <= max(durations) / 1e6
    if found.value != found.high:
        assert found.value == float(f"{found.value:.3g}")


@given(durations=DURATIONS, quantile=QUANTILES, rnd=st.randoms())
def test_the_order_of_arrival_changes_nothing(
    durations: list[int], quantile: float, rnd: random.Random
) -> None:
    shuffled = list(durations)
    rnd.shuffle(shuffled)

    assert quantile_ms(quantile, counted(durations)) == quantile_ms(quantile, counted(shuffled))


@pytest.mark.parametrize(
    "draw",
    [
        lambda chance: chance.lognormvariate(4, 0.3),
        lambda chance: chance.lognormvariate(2, 1.2),
        lambda chance: chance.expovariate(1 / 200),
        lambda chance: chance.uniform(5, 900),
        lambda chance: chance.choice([12.0, 13.0, 700.0]) * chance.uniform(0.9, 1.1),
    ],
    ids=["lognormal", "wide lognormal", "exponential", "uniform", "three modes"],
)
@pytest.mark.parametrize("number", [40, 1_000])
def test_the_estimate_is_near_the_exact_quantile(draw: Callable[[random.Random], float], number: int) -> None:
    errors, upper = list[float](), list[float]()
    for seed in range(30):
        chance = random.Random(seed)
        durations = [int(draw(chance) * 1e6) for _ in range(number)]
        exact = exact_ms(0.95, durations)
        errors.append(abs(quantile_ms(0.95, counted(durations)).value / exact - 1))
        upper.append((1000 << bucket(int(exact * 1e6))) / 1e6 / exact - 1)

    assert sum(errors) / len(errors) < 0.3
    assert sum(errors) < 0.6 * sum(upper)  # against the upper bound of the bucket


def test_one_record_is_exact() -> None:
    assert quantile_ms(0.95, counted([300_000_000])) == BucketedQuantile(300.0, 300.0, 300.0)


def test_no_record_has_a_quantile_of_zero() -> None:
    assert quantile_ms(0.95, []) == BucketedQuantile(0.0, 0.0, 0.0)
