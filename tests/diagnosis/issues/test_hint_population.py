"""A sample of the records of operations: uniform, and the same whatever window asks for it."""

from __future__ import annotations

from collections import Counter

import pytest

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.extents import Extent, extent_of_cluster
from diagnosis.issues.hints import population
from diagnosis.issues.hints.compared_records import design_effect
from diagnosis.issues.hints.population import drawn_pieces, reading_plan
from diagnosis.window.traffic import ServiceOperation
from tests.diagnosis.failing_records import failing

FREQUENT, RARE = ServiceOperation("shop", "list"), ServiceOperation("shop", "refund")


def failing_in(operation: str, fingerprint: int) -> Extent:
    """A cluster of one failure."""
    return extent_of_cluster(
        Cluster(fingerprint, [failing("a", operation=operation, fingerprint=fingerprint)]), {}
    )


@pytest.mark.parametrize("step", [2, 7, 50])
def test_each_time_is_drawn_as_often_as_any_other(step: int) -> None:
    length = 1 << 10
    pieces = drawn_pieces(0, length * 4000, length, step)

    shares = Counter(round(begin % length * step / length) for begin, _ in pieces)

    assert sum(end - begin for begin, end in pieces) == pytest.approx(length * 4000 / step, rel=0.02)
    assert max(shares.values()) < 2 * len(pieces) / step
    assert len(shares) == step


def test_what_is_drawn_depends_on_no_bound_of_the_window() -> None:
    length = 1 << 20
    first, last = 5 * length + 77, 90 * length - 5

    drawn = drawn_pieces(first, last, length, 9)

    assert all(first <= begin < end <= last for begin, end in drawn)
    wider = drawn_pieces(0, 200 * length, length, 9)
    assert {piece for piece in wider if first <= piece[0] and piece[1] <= last} <= set(drawn)


def test_few_records_are_all_read_and_of_many_more_where_the_operation_is_rare() -> None:
    clusters = [failing_in("list", 1), failing_in("refund", 2)]

    few = reading_plan(clusters, Counter({FREQUENT: 9_000, RARE: 900, ServiceOperation("", "x"): 20_000}))
    many = reading_plan(clusters, Counter({FREQUENT: 90_000, RARE: 900}))

    assert (few.is_whole(1), few.is_whole(2)) == (True, True)
    assert (many.is_whole(1), many.is_whole(2)) == (False, False)
    assert many.one_in == {1: -(-90_900 // population.COARSE), 2: -(-90_900 // population.FINE)}
    assert many.places == {many.one_in[1]: {FREQUENT}, many.one_in[2]: {RARE}}


def test_records_of_a_piece_that_are_alike_count_less() -> None:
    alike = [(10, 10), (0, 10), (10, 10), (0, 10)] * 5
    mixed = [(5, 10), (4, 10), (6, 10), (5, 10)] * 5

    assert design_effect(mixed) == 1
    assert design_effect(alike) == pytest.approx(10, rel=0.1)
    assert design_effect([(0, 10)] * 20) == 10
    assert design_effect([]) == 1
