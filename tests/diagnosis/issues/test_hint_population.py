"""A sample of the records of operations: uniform, and the same whatever window asks for it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.detection.found_cluster import Cluster
from diagnosis.diagnose import diagnose
from diagnosis.issues.extents import Extent, extent_of_cluster
from diagnosis.issues.hints import population
from diagnosis.issues.hints.compared_records import design_effect
from diagnosis.issues.hints.population import drawn_pieces, reading_plan
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.failing_records import failing
from tests.telemetry.factory import minutes, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
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


def recorded_twice(number: int, zone: str, error: str) -> list[tuple[str, dict[str, Any]]]:
    """A model call as a framework and the client record it; the scopes with their spans."""
    about = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "zone": zone}
    tokens = {"gen_ai.usage.input_tokens": 70, "gen_ai.usage.output_tokens": 7}
    call = {
        "trace": number,
        "at": NOW - minutes(1 + number / 10),
        "error": error,
        "attributes": about | tokens,
    }
    return [
        ("framework", span("chat m", id=f"{number}/outer", **call)),
        ("client", span("chat m", id=f"{number}/inner", parent=f"{number}/outer", kind=3, **call)),
    ]


def test_a_call_that_two_instrumentations_recorded_is_one_record_of_a_hint(alice: MintedProject) -> None:
    for number in range(40):
        fails = number < 8
        for scope, sent in recorded_twice(number, "eu" if fails or number % 8 == 0 else "us", "no" * fails):
            store(alice.project, [sent], NOW, {"service.name": "bot"}, {"name": scope})

    [issue] = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]

    [hint] = issue["hints"]
    assert (issue["count"], issue["impact"]["operation_records"]) == (8, 40)
    assert (hint["value"], hint["support"], hint["failures"]) == ("eu", 8, 8)
    assert (hint["records"], hint["operation_records"]) == (12, 40)


def test_records_of_a_piece_that_are_alike_count_less() -> None:
    alike = [(10, 10), (0, 10), (10, 10), (0, 10)] * 5
    mixed = [(5, 10), (4, 10), (6, 10), (5, 10)] * 5

    assert design_effect(mixed) == 1
    assert design_effect(alike) == pytest.approx(10, rel=0.1)
    assert design_effect([(0, 10)] * 20) == 10
    assert design_effect([]) == 1
