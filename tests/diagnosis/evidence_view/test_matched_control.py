"""The healthy record that a failure is held against."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnosis.evidence_view import matched_control
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import T0
from tests.telemetry.factory import minutes, record_id, span, store


def sent(
    minted: MintedProject, name: str, after: float = 0, resource: dict[str, str] | None = None, **fields: Any
) -> str:
    """One record so many minutes after T0; its id."""
    made = span(fields.pop("of", "place order"), trace=name, id=name, at=T0 + minutes(after), **fields)
    store(minted.project, [made], T0, {"service.name": "shop"} | (resource or {}))
    return record_id(made)


def twin_of(minted: MintedProject, failing: str, signal_type: str = "") -> str | None:
    """The healthy one that is found."""
    with bind(minted.project):
        return matched_control.find_matched_control(failing, signal_type)


def test_the_nearest_in_time_of_the_same_operation_is_taken(alice: MintedProject) -> None:
    failing = sent(alice, "failing", error="no stock")
    sent(alice, "other operation", 0.1, of="look around")
    sent(alice, "other service", 0.1, {"service.name": "bank"})
    sent(alice, "fails, too", 0.1, error="no stock")
    sent(alice, "late", 5)
    near = sent(alice, "near", -2)

    assert twin_of(alice, failing) == near


def test_environment_and_release_count_more_than_time(alice: MintedProject) -> None:
    prod = {"deployment.environment.name": "prod", "service.version": "2"}
    failing = sent(alice, "failing", 0, prod, error="no stock")
    sent(alice, "staging", 1, prod | {"deployment.environment.name": "staging"})
    sent(alice, "older release", 2, prod | {"service.version": "1"})
    alike = sent(alice, "alike", 30, prod)

    assert twin_of(alice, failing) == alike


def test_of_equals_the_smaller_id_is_taken_whatever_came_first(alice: MintedProject) -> None:
    failing = sent(alice, "failing", error="no stock")
    both = [sent(alice, name, 1) for name in ("a", "b")]

    assert twin_of(alice, failing) == min(both)


def test_where_all_near_records_fail_the_nearest_minute_that_ran_well_is_looked_at(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matched_control, "NEAR", 3)
    before = sent(alice, "before the deployment", -600)
    failing = sent(alice, "failing", error="no stock")
    for number in range(12):
        sent(alice, f"noise {number}", -number - 1, error="no stock")

    assert twin_of(alice, failing) == before


def test_a_record_without_a_healthy_one_of_its_operation_has_no_twin(alice: MintedProject) -> None:
    failing = sent(alice, "failing", error="no stock")
    sent(alice, "days ago", -3000)

    assert twin_of(alice, failing) is not None  # among the nearest records, however long ago
    assert twin_of(alice, sent(alice, "alone", of="never ran well", error="boom")) is None
    assert twin_of(alice, f"rec_{'0' * 48}") is None
    assert twin_of(alice, "no id") is None


def test_a_slow_record_is_held_against_one_that_took_half_as_long(alice: MintedProject) -> None:
    slow = sent(alice, "slow", duration_ms=100)
    sent(alice, "slow, too", 1, duration_ms=80)
    quick = sent(alice, "quick", 9, duration_ms=50)

    assert twin_of(alice, slow, "latency") == quick


def test_a_repeated_call_is_held_against_another_trace(alice: MintedProject) -> None:
    spans = [span("get", trace="loop", id=n, at=T0 + timedelta(seconds=n)) for n in range(3)]
    store(alice.project, spans, T0)
    other = sent(alice, "other", 4, of="get")

    assert twin_of(alice, record_id(spans[0]), "repeated_call") == other


@pytest.mark.parametrize(
    ("error", "signal_type"), [("no stock", ""), ("no stock", "error"), ("", "repeated_call")]
)
def test_a_failure_is_held_against_a_trace_in_which_nothing_failed(
    alice: MintedProject, error: str, signal_type: str
) -> None:
    failing = span("get", trace="failing", id="a", at=T0, error=error)
    retry = span("get", trace="failing", id="b", at=T0 + timedelta(milliseconds=1))
    elsewhere = [
        span("get", trace="fails elsewhere", id="c", at=T0 + timedelta(milliseconds=2)),
        span("pay", trace="fails elsewhere", id="d", at=T0 + timedelta(milliseconds=3), error="declined"),
    ]
    store(alice.project, [failing, retry, *elsewhere], T0)
    healthy = sent(alice, "healthy", 9, of="get")

    assert twin_of(alice, record_id(failing), signal_type) == healthy


def test_a_failure_whose_like_ran_in_failing_traces_alone_has_no_twin(alice: MintedProject) -> None:
    failing = span("get", trace="failing", id="a", at=T0, error="no stock")
    retry = span("get", trace="failing", id="b", at=T0 + timedelta(milliseconds=1))
    store(alice.project, [failing, retry], T0)

    assert twin_of(alice, record_id(failing)) is None
