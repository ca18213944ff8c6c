"""Sessions: how traces become one, how the list is ordered and paged, what one session shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from telemetry.reads import session_pages, session_walk
from telemetry.reads.filters import Filters
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind, bound_alias
from tests.telemetry import factory
from tests.telemetry.factory import minutes, span

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAST_HOUR = Window.ending(NOON, 60)

Store = Callable[..., Any]


@pytest.fixture
def store(alice: MintedProject) -> Store:
    """Stores spans in alice's project; `resource` for all of them."""

    def send(*spans: dict[str, Any], **resource: str) -> Any:
        named = {name.replace("_", "."): value for name, value in resource.items()}
        return factory.store(alice.project, spans, NOON, named or None)

    return send


@pytest.fixture
def page(alice: MintedProject) -> Callable[..., session_pages.SessionPage]:
    """A page of alice's sessions of the last hour before noon."""

    def read(
        window: Window = LAST_HOUR, cursor: Any = None, limit: int = 50, **filters: Any
    ) -> session_pages.SessionPage:
        with bind(alice.project):
            return session_pages.page_of_sessions(window, Filters(**filters), cursor, limit)

    return read


@pytest.fixture
def detail(alice: MintedProject) -> Callable[..., Any]:
    """One session of alice's as answers show it, or None."""

    def read(session_id: str, window: Window = LAST_HOUR, cursor: Any = None, limit: int = 500) -> Any:
        with bind(alice.project):
            found = session_pages.detail(window, session_id, cursor, limit)
            return found and found.shown() | {"cursor": found.page.next_cursor}

    return read


def turn(session: str, at: float, **more: Any) -> dict[str, Any]:
    """A span of its own trace, `at` minutes before noon."""
    attributes = {"session.id": session} if session else {}
    fields = {"trace": f"{session}/{at}", "attributes": attributes | more.pop("attributes", {})} | more
    return span("turn", at=NOON - minutes(at), **fields)


def ids(page: session_pages.SessionPage) -> list[str]:
    return [session.session_id for session in page.sessions]


def every_page(page: Callable[..., session_pages.SessionPage], **asked: Any) -> list[str]:
    """The ids of all pages together."""
    read = page(**asked)
    found = ids(read)
    while read.next_cursor:
        read = page(cursor=read.next_cursor, **asked)
        found += ids(read)
    return found


def test_a_summary_takes_the_traces_of_a_session_together(store, page):
    model_call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.agent.name": "helper",
        "user.id": "u-1",
    }
    store(turn("s-1", 10, attributes=model_call), turn("s-1", 8, error="lost", duration_ms=60_000))

    shown = page().shown()["sessions"]

    assert shown == [
        {
            "session_id": "s-1",
            "agent": "helper",
            "user_id": "u-1",
            "service": "shop",
            "environment": None,
            "outcome": "failure",
            "turns": 2,
            "traces": 2,
            "failures": 1,
            "feedback": 0,
            "start_time": "2026-03-01T11:50:00.000000Z",
            "end_time": "2026-03-01T11:53:00.000000Z",
            "duration_ms": 180_000.0,
            "input_tokens": 7,
            "output_tokens": 3,
            "trace_ids": [factory.trace_id("s-1/8"), factory.trace_id("s-1/10")],
        }
    ]


def test_a_trace_without_a_session_is_its_own(store, page):
    store(span("one", trace="t", at=NOON - minutes(2)), span("two", trace="t", at=NOON - minutes(1)))

    session = page().sessions[0]

    assert (session.session_id, session.turns, session.traces) == (factory.trace_id("t"), 2, 1)


def test_a_session_named_after_its_first_trace_is_one_session_with_it(store, page, detail):
    first = factory.trace_id("first")
    store(span("first", trace="first", at=NOON - minutes(5)), turn(first, 3))

    assert [(session.session_id, session.traces) for session in page().sessions] == [(first, 2)]
    assert detail(first)["session"]["turns"] == detail(first)["count"] == 2


def test_sessions_come_by_their_newest_trace(store, page):
    store(turn("a", 9), turn("b", 5), turn("a", 1), turn("", 3), turn("c", 7))

    assert ids(page()) == ["a", factory.trace_id("/3"), "b", "c"]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("chunk", [1, 3, 500])
def test_pages_together_are_every_session_once(store, page, monkeypatch, limit, chunk):
    monkeypatch.setattr(session_walk, "CHUNK", chunk)
    store(*(turn(f"s{n * n % 5}" if n % 3 else "", n) for n in range(1, 20)))

    listed = every_page(page, limit=limit)

    assert listed == ids(page())
    assert len(listed) == len(set(listed)) == 9


def test_a_walk_that_ends_early_goes_on_in_the_next_page(store, page, monkeypatch):
    monkeypatch.setattr(session_walk, "CHUNK", 2)
    monkeypatch.setattr(session_walk, "MAX_STEPS", 2)
    store(*(turn("busy", n) for n in range(1, 12)), turn("rare", 20), turn("busy", 30))

    first = page()

    assert ids(first) == ["busy"]
    assert first.shown()["complete"] is False
    assert every_page(page) == ["busy", "rare"]


def test_a_rare_filter_is_walked_in_steps(store, page, monkeypatch):
    monkeypatch.setattr(session_pages, "SCAN", 3)
    monkeypatch.setattr(session_pages, "SCAN_RECORDS", 3)
    monkeypatch.setattr(session_walk, "MAX_STEPS", 1)
    store(*(turn(f"s{n}", 1 + n // 4) for n in range(20)))
    store(turn("rare", 30), deployment_environment_name="test")

    assert ids(page(environment="test")) == []
    assert page(environment="test").shown()["complete"] is False
    assert every_page(page, environment="test") == ["rare"]
    assert sorted(every_page(page, operation="turn")) == sorted(["rare", *(f"s{n}" for n in range(20))])


@pytest.mark.parametrize("asked", [{"service": "nobody"}, {"operation": "nothing"}, {"environment": "none"}])
def test_what_never_came_is_known_without_a_walk(store, page, asked):
    store(*(turn(f"s{n}", 1 + n) for n in range(3)))

    assert page(**asked).shown() | {"window": 0} == {
        "window": 0, "sessions": [], "count": 0, "complete": True, "next_cursor": None,
    }  # fmt: skip


@pytest.mark.parametrize("few", [1, 100])
def test_sessions_with_a_signal_are_found_whether_there_are_few_or_many(store, page, monkeypatch, few):
    monkeypatch.setattr(session_pages, "FEW", few)
    store(*(turn(f"s{n}", 1 + n, error="" if n % 2 else "lost") for n in range(6)))

    assert ids(page(signal_type="error")) == ["s0", "s2", "s4"]


def good_and_bad(number: int) -> list[dict[str, Any]]:
    """Sessions whose newer trace is good and whose older one failed."""
    return [
        row for n in range(number) for row in (turn(f"s{n}", 1 + n / 50), turn(f"s{n}", 30, error="lost"))
    ]


def test_sessions_that_do_not_suit_cost_few_statements(store, page, alice):
    store(*good_and_bad(300))
    store(turn("last", 20))

    with bind(alice.project), CaptureQueriesContext(connections[bound_alias()]) as statements:
        found = session_pages.page_of_sessions(LAST_HOUR, Filters(outcome="ok"), None, 1)

    assert ids(found) == ["last"]
    assert len(statements) < 20


def test_a_search_that_is_long_enough_goes_on_in_the_next_page(store, page, monkeypatch):
    monkeypatch.setattr(session_pages, "ROUND", 7)
    monkeypatch.setattr(session_pages, "MAX_ROUNDS", 2)
    store(*good_and_bad(40))
    store(turn("first", 0.5), turn("last", 20))

    first = page(outcome="ok", limit=1)
    second = page(outcome="ok", limit=1, cursor=first.next_cursor)

    assert ids(first) == ["first"]
    assert ids(second) == []
    assert second.shown()["complete"] is False
    assert every_page(page, outcome="ok", limit=1) == ["first", "last"]


def test_sessions_that_start_between_pages_do_not_disturb_them(store, page):
    store(*(turn(f"s{n}", n) for n in range(1, 5)))
    first = page(limit=2)
    store(turn("new", 0.5), turn("future", -1))

    second = page(limit=2, cursor=first.next_cursor)

    assert ids(first) + ids(second) == ["s1", "s2", "s3", "s4"]


def test_a_summary_counts_only_traces_that_start_in_the_window(store, page):
    store(turn("s", 5), turn("s", 90), turn("older", 90))

    assert [(session.session_id, session.traces) for session in page().sessions] == [("s", 1)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"environment": "production"}, ["mixed", "good"]),
        ({"service": "search"}, ["bad"]),
        ({"outcome": "failure"}, ["bad", "mixed"]),
        ({"outcome": "ok"}, ["good"]),
        ({"session_id": "good"}, ["good"]),
        ({"session_id": factory.trace_id("mixed/2")}, ["mixed"]),
        ({"trace_id": bytes.fromhex(factory.trace_id("mixed/8"))}, ["mixed"]),
        ({"signal_type": "error"}, ["bad", "mixed"]),
        ({"signal_type": "error", "environment": "production"}, ["mixed"]),
        ({"service": "nobody"}, []),
    ],
)
def test_filters_choose_sessions(store, page, filters, expected):
    store(
        turn("mixed", 2),
        turn("mixed", 8, error="lost"),
        turn("good", 5),
        service_name="shop",
        deployment_environment="production",
    )
    store(turn("bad", 6, error="lost"), service_name="search")

    assert ids(page(**filters)) == expected


def test_one_session_shows_its_records_in_the_order_of_time(store, detail):
    store(turn("s", 3), turn("s", 9), turn("other", 5), span("late", trace="s/9", at=NOON - minutes(1)))

    found = detail("s")

    starts = [record["start_time"] for record in found["records"]]
    assert starts == [f"2026-03-01T11:{minute}:00.000000Z" for minute in (51, 57, 59)]
    assert {record["session_id"] for record in found["records"]} == {"s"}
    assert found["session"]["turns"] == found["count"] == 3
    assert found["complete"] is True


def test_one_session_is_paged(store, detail):
    store(*(turn("s", 10, trace="t", id=n) for n in range(7)))

    whole = [record["record_id"] for record in detail("s")["records"]]
    page, paged = detail("s", limit=3), []
    while page["cursor"]:
        paged += page["records"]
        page = detail("s", limit=3, cursor=page["cursor"])
    paged += page["records"]

    assert [record["record_id"] for record in paged] == whole
    assert len(whole) == 7


def test_a_trace_id_names_a_session_in_either_case(store, detail):
    store(span("alone", trace="t", at=NOON - minutes(5)), turn("s", 3))

    assert detail(factory.trace_id("t").upper())["count"] == 1
    assert detail(factory.trace_id("s/3"))["session"]["session_id"] == factory.trace_id("s/3")


def test_a_session_out_of_the_window_is_not_found(store, detail):
    store(turn("s", 90))

    assert detail("s") is None
    assert detail("s", Window.ending(NOON, 120))["count"] == 1
    assert detail("nobody") is None


def test_at_most_twenty_traces_are_named_newest_first(store, page):
    store(*(turn("s", n) for n in range(1, 31)))

    session = page().sessions[0]

    assert session.traces == 30
    assert session.trace_ids == tuple(factory.trace_id(f"s/{n}") for n in range(1, 21))
