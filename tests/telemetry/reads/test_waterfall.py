"""A page of a trace around the span that somebody asks about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from telemetry.reads.one_trace import waterfall
from telemetry.reads.one_trace.waterfall import PAGE, SCALE, Waterfall
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import minutes, span, span_id, store, trace_id

NOW = timezone.now() - minutes(5)


def calls(count: int, **fields: Any) -> list[dict[str, Any]]:
    """A root of `count` seconds with a child each second."""
    root = span("run", trace="t", id="root", at=NOW, duration_ms=count * 1000)
    return [root] + [
        span(f"step {n}", trace="t", id=n, parent="root", at=NOW + timedelta(seconds=n), **fields)
        for n in range(count)
    ]


def read(minted: MintedProject, chosen: Any, first: int | None = None) -> Waterfall:
    """The page."""
    with bind(minted.project):
        found = waterfall.read_waterfall(bytes.fromhex(trace_id("t")), bytes.fromhex(span_id(chosen)), first)
    assert found
    return found


def test_bars_lie_where_the_spans_ran(alice: MintedProject) -> None:
    store(alice.project, calls(4, duration_ms=500), NOW)

    root, *steps = read(alice, 2).rows

    assert (root.x, root.width, root.depth) == (0, SCALE, 0)
    assert [(row.label.title, row.x, row.width) for row in steps] == [
        (f"step {n}", n * SCALE // 4, SCALE // 8) for n in range(4)
    ]
    assert [row.is_chosen for row in steps] == [False, False, True, False]
    assert (steps[2].offset_ms, steps[2].duration_ms) == (2000, 500)


def test_failing_spans_and_spans_without_a_parent_say_so(alice: MintedProject) -> None:
    lost = span("lost", trace="t", id="lost", parent="never sent", at=NOW, error="boom")
    store(alice.project, [*calls(1), lost], NOW)

    rows = {row.label.title: row for row in read(alice, "lost").rows}

    assert (rows["lost"].label.is_failure, rows["lost"].fault) == (True, "orphan")
    assert (rows["run"].label.is_failure, rows["run"].fault) == (False, "")


def test_a_long_trace_opens_at_the_span_and_leads_on_both_ways(alice: MintedProject) -> None:
    store(alice.project, calls(350), NOW)

    opened = read(alice, 200)
    later = read(alice, 200, opened.later)
    earlier = read(alice, 200, opened.earlier)

    assert any(row.is_chosen for row in opened.rows)
    assert (opened.first, len(opened.rows), opened.total, opened.inside) == (181, PAGE, 351, ["run"])
    assert (later.first, later.rows[-1].label.title, later.later) == (281, "step 349", None)
    assert (earlier.first, earlier.later) == (81, 181)
    assert opened.from_ms == 180_000


def test_a_first_row_that_cannot_be_is_the_nearest_that_can(alice: MintedProject) -> None:
    store(alice.project, calls(3), NOW)

    assert read(alice, 1, 10**30).first == 3
    assert read(alice, 1, -5).first == 0


def test_of_a_trace_without_end_the_spans_around_are_read(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waterfall, "MOST", 10)
    store(alice.project, calls(40), NOW)

    found = read(alice, 20)

    assert (found.total, found.stored) == (10, 41)
    assert [row.label.title for row in found.rows if row.is_chosen] == ["step 20"]


def test_a_span_that_is_not_stored_has_no_trace(alice: MintedProject) -> None:
    with bind(alice.project):
        assert waterfall.read_waterfall(bytes(16), bytes(8)) is None
