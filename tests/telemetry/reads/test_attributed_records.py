"""The records of a cluster: those that it counts, those that they caused, or all with its id, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Attribution
from telemetry.reads import record_pages
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROKEN = "the payment provider answered nothing"
OUTER = ["basket", "checkout"]  # the one fails with a message of its own
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(alice: MintedProject, call: Any) -> Ask:
    """
    `ask(path, name=value)`: the answer for the cluster of 6 failed payments, each inside a checkout, and that in a
    basket, which failed too; of a seventh only the record stayed healthy.
    """
    for number in range(7):
        at, trace = NOON - timedelta(minutes=50 - number), f"t{number}"
        failed = number < 6
        spans = [
            span("basket", trace=trace, id=f"{trace}a", at=at, error="no basket for you" if failed else ""),
            span(
                "checkout",
                trace=trace,
                id=f"{trace}b",
                parent=f"{trace}a",
                at=at,
                error=BROKEN if failed else "",
            ),
            span(
                "pay",
                trace=trace,
                id=f"{trace}c",
                parent=f"{trace}b",
                at=at + timedelta(seconds=1),
                error=BROKEN if failed else "",
                attributes={"session.id": f"s{number % 2}"},
            ),
        ]
        store(
            alice.project, spans, NOON, {"service.name": "shop", "deployment.environment": f"e{number % 3}"}
        )
    with bind(alice.project):
        cluster = cluster_id(Attribution.objects.filter(operation="pay")[0].fingerprint)

    def answer(path: str = "telemetry", **query: Any) -> dict[str, Any]:
        asked = {"cluster_id": cluster, "until": "2026-03-01T12:00:00Z"} | query
        text = "&".join(f"{name}={value}" for name, value in asked.items() if value)
        found: dict[str, Any] = call("GET", f"/v1/{path}?{text}", alice.keys["agent"]).json()
        return found

    return answer


def names(page: dict[str, Any]) -> list[str]:
    """Of the page's records."""
    return [record["name"] for record in page["records"]]


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        ("", ["pay"] * 6),
        ("primary", ["pay"] * 6),
        ("downstream", ["basket", "checkout"] * 6),
        ("with_downstream", ["basket", "checkout", "pay"] * 6),
        ("any", ["checkout", "pay"] * 6),
    ],
)
def test_a_cluster_has_its_failures_or_what_they_caused(
    ask: Ask, attribution: str, expected: list[str]
) -> None:
    page = ask(attribution=attribution)

    assert sorted(names(page)) == sorted(expected)
    assert page["complete"]


@pytest.mark.parametrize("attribution", ["primary", "downstream", "with_downstream"])
def test_pages_give_each_record_once_in_order(
    ask: Ask, attribution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(attribution=attribution)["records"]
    monkeypatch.setattr(record_pages, "MOST_ATTRIBUTED", 3)  # so that a page ends where its search does, too

    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = ask(attribution=attribution, limit=2, cursor=cursor)
        found += page["records"]
        cursor = page["next_cursor"]
        if not cursor:
            break

    assert found == whole
    keys = [(record["start_time_unix_nano"], record["record_id"]) for record in whole]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"operation": "basket"}, 6),
        ({"operation": "list"}, 0),
        ({"environment": "e1"}, 6),
        ({"session_id": "s0"}, 9),
        ({"outcome": "failure"}, 18),
        ({"outcome": "ok"}, 0),
        ({"signal_type": "error"}, 18),
        ({"service": "other"}, 0),
        ({"since_minutes": 46}, 6),
    ],
)
def test_other_filters_hold_as_well(ask: Ask, query: dict[str, Any], number: int) -> None:
    assert ask(attribution="with_downstream", **query)["count"] == number


def test_a_record_or_a_trace_of_the_cluster_is_found(ask: Ask) -> None:
    record = ask()["records"][0]

    assert ask(record_id=record["record_id"])["count"] == 1
    assert ask(trace_id=record["trace_id"], attribution="downstream")["count"] == 2


def test_a_cluster_has_the_sessions_of_its_failures(ask: Ask) -> None:
    caused = ask(attribution="downstream", operation="basket")["records"][0]["cluster_id"]

    assert [session["session_id"] for session in ask("sessions")["sessions"]] == ["s1", "s0"]
    assert ask("sessions", cluster_id=caused)["count"] == 0


def test_an_attribution_is_to_a_cluster(ask: Ask) -> None:
    error = ask(cluster_id="", attribution="any")["error"]

    assert (error["code"], "needs a cluster_id" in error["message"]) == ("invalid", True)


def test_records_that_attributions_outlive_are_left_out(alice: MintedProject, ask: Ask) -> None:
    cluster = ask()["records"][0]["cluster_id"]
    with bind(alice.project):
        Attribution.objects.filter(operation="pay").update(span_id=b"12345678")

    assert ask(cluster_id=cluster)["count"] == 0
