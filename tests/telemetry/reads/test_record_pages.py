"""Records out: what they show, how they are chosen, how a list is paged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry.api.serializers import RecordSerializer
from telemetry.reads import record_pages
from telemetry.reads.filters import Filters
from telemetry.reads.record_pages import RecordPage
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry import factory
from tests.telemetry.factory import minutes, record_id, span

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAST_HOUR = Window.ending(NOON, 60)
SHOWN = [
    "record_id",
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "kind",
    "operation",
    "service",
    "environment",
    "release",
    "start_time",
    "start_time_unix_nano",
    "duration_ms",
    "status",
    "outcome",
    "signal_type",
    "severity",
    "cluster_id",
    "message",
    "session_id",
    "user_id",
    "agent",
    "tool",
    "model",
    "input_tokens",
    "output_tokens",
    "attributes",
    "resource",
    "scope",
    "events",
    "links",
    "capture",
]

Read = Callable[..., RecordPage]


@pytest.fixture
def store(alice: MintedProject) -> Callable[..., Any]:
    """Stores spans in alice's project; `resource` for all of them."""

    def send(*spans: dict[str, Any], **resource: str) -> Any:
        named = {name.replace("_", "."): value for name, value in resource.items()}
        return factory.store(alice.project, spans, NOON, named or None)

    return send


@pytest.fixture
def read(alice: MintedProject) -> Read:
    """A page of alice's records of the last hour before noon."""

    def page(window: Window = LAST_HOUR, cursor: Any = None, limit: int = 100, **filters: Any) -> RecordPage:
        with bind(alice.project):
            return record_pages.page_of_records(window, Filters(**filters), cursor, limit)

    return page


def names(page: RecordPage) -> list[str]:
    return [record["name"] for record in page.records]


def test_a_record_shows_every_published_field_and_no_other(store, read):
    store(span(at=NOON - minutes(1)))

    record = read().records[0]

    assert sorted(record) == sorted(SHOWN)
    assert RecordSerializer().fields.keys() - {*SHOWN} == {
        "missing",
        "replaced_by",
        "same_call_as",
    }  # of a damaged store, of signals, of calls recorded twice


def test_a_record_shows_what_was_sent_whole(store, read):
    at = NOON - minutes(5)
    event = {
        "name": "cache.miss",
        "timeUnixNano": "1772366100000000000",
        "attributes": factory.key_values({"n": 1}),
    }
    link = {"traceId": factory.trace_id("other"), "spanId": factory.span_id("other")}
    attributes = {"a.text": "x", "a.flag": True, "a.list": [1, 2.5], "a.map": {"k": "v"}}
    store(span(id="s", at=at, kind=2, attributes=attributes, events=[event], links=[link]))

    record = read().records[0]

    assert record["attributes"] == attributes
    assert record["resource"] == {"attributes": {"service.name": "shop"}, "schema_url": None}
    assert record["scope"] == {"name": "tests", "version": None, "attributes": {}, "schema_url": None}
    assert record["events"][0]["name"] == "cache.miss"
    assert record["events"][0]["time"] == "2026-03-01T11:55:00.000000Z"
    assert record["events"][0]["attributes"] == {"n": 1}
    assert record["links"][0]["trace_id"] == factory.trace_id("other")
    assert record["kind"] == "server"


def test_numbers_and_bytes_that_json_lacks_are_spelled_as_otlp_does(store, read):
    odd = [
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "raw", "value": {"bytesValue": "AAEC"}},
        {"key": "none", "value": {}},
    ]
    sent = span(at=NOON - minutes(5)) | {"attributes": odd}
    store(sent)

    assert read().records[0]["attributes"] == {"nan": "NaN", "raw": "AAEC", "none": None}


def test_facts_that_the_span_does_not_state_are_null(store, read):
    store(span(at=NOON - minutes(5)))

    record = read().records[0]

    absent = ("parent_span_id", "environment", "release", "signal_type", "severity", "cluster_id", "message")
    assert {
        record[name] for name in (*absent, "user_id", "agent", "tool", "model", "input_tokens", "capture")
    } == {None}
    assert record["outcome"] == "ok"
    assert record["status"] == "unset"


def test_a_failure_shows_its_outcome_cluster_and_message(store, read):
    store(span(at=NOON - minutes(5), error="card declined"))

    record = read().records[0]

    assert (record["outcome"], record["status"], record["signal_type"]) == ("failure", "error", "error")
    assert record["cluster_id"].startswith("clu_")
    assert record["message"] == "card declined"


def test_the_session_of_a_trace_is_shown_on_all_its_records(store, read):
    store(
        span("turn", trace="t", at=NOON - minutes(5), attributes={"session.id": "s-1", "user.id": "u-1"}),
        span("query", trace="t", at=NOON - minutes(4)),
        span("alone", trace="lone", at=NOON - minutes(3)),
    )

    shown = {record["name"]: (record["session_id"], record["user_id"]) for record in read().records}

    assert shown["query"] == ("s-1", "u-1")
    assert shown["alone"] == (factory.trace_id("lone"), None)


def test_a_model_call_shows_its_capture(store, read):
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m-1",
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hello"}]}]',
    }
    store(span("chat m-1", at=NOON - minutes(5), kind=3, attributes=call))

    capture = read().records[0]["capture"]

    assert sorted(capture) == ["expected", "input", "model", "output", "replayable", "unit"]
    assert (capture["unit"], capture["model"]) == ("llm_call", "m-1")
    assert "hello" in str(capture["input"])


def test_records_come_newest_first(store, read):
    store(
        span("old", at=NOON - minutes(9)),
        span("new", at=NOON - minutes(1)),
        span("mid", at=NOON - minutes(5)),
    )

    assert names(read()) == ["new", "mid", "old"]


def test_a_window_holds_its_start_and_not_its_end(store, read):
    store(span("start", at=NOON - minutes(60)), span("end", at=NOON), span("before", at=NOON - minutes(61)))

    assert names(read()) == ["start"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_together_are_the_whole_list_even_where_times_are_equal(store, read, limit):
    store(*(span(f"s{n}", trace=n % 4, id=n, at=NOON - minutes(1 + n // 5)) for n in range(20)))
    whole = [record["record_id"] for record in read().records]

    page, paged = read(limit=limit), []
    while page.next_cursor:
        paged += page.records
        page = read(limit=limit, cursor=page.next_cursor)
    paged += page.records

    assert [record["record_id"] for record in paged] == whole
    assert len(set(whole)) == 20


def test_spans_that_arrive_between_pages_do_not_disturb_them(store, read):
    store(*(span(f"s{n}", id=n, at=NOON - minutes(n)) for n in range(1, 5)))
    first = read(limit=2)
    store(span("late", at=NOON - minutes(0.5)), span("future", at=NOON + minutes(1)))

    second = read(limit=2, cursor=first.next_cursor)

    assert names(first) + names(second) == ["s1", "s2", "s3", "s4"]
    assert second.next_cursor is None


def test_a_rare_filter_makes_short_pages_that_lead_on(store, read, monkeypatch):
    monkeypatch.setattr(record_pages, "MAX_SCAN", 3)
    store(*(span(f"s{n}", id=n, at=NOON - minutes(1 + n // 4)) for n in range(20)))
    store(span("rare", at=NOON - minutes(30)), deployment_environment_name="test")

    page = read(environment="test")
    assert (page.records, page.shown()["complete"]) == ([], False)
    while page.next_cursor:
        page = read(environment="test", cursor=page.next_cursor)

    assert names(page) == ["rare"]


@pytest.mark.parametrize("stretches", [1, 300])
@pytest.mark.parametrize("asked", [{}, {"outcome": "failure"}, {"operation": "rare"}])
def test_rollups_lead_to_the_records_of_a_rare_service(store, read, monkeypatch, stretches, asked):
    monkeypatch.setattr(record_pages, "MAX_SCAN", 3)
    monkeypatch.setattr(record_pages, "MAX_STRETCHES", stretches)
    store(*(span(f"s{n}", id=n, at=NOON - minutes(1 + n // 4), error="lost") for n in range(20)))
    rare = [span("rare", id=f"r{n}", at=NOON - minutes(25 + n / 2), error="lost") for n in range(6)]
    store(*rare, service_name="search")

    pages = [read(service="search", limit=2, **asked)]
    while pages[-1].next_cursor:
        pages.append(read(service="search", limit=2, cursor=pages[-1].next_cursor, **asked))

    found = [record["record_id"] for page in pages for record in page.records]
    assert found == [record_id(one) for one in rare]
    assert len(pages) == (3 if stretches > 1 else len(pages))


@pytest.mark.parametrize(
    "asked",
    [
        {"service": "nobody"},
        {"operation": "nothing"},
        {"environment": "none"},
        {"service": "shop", "operation": "nothing"},
    ],
)
def test_what_never_came_is_known_without_reading_on(store, read, monkeypatch, asked):
    monkeypatch.setattr(record_pages, "MAX_SCAN", 3)
    store(*(span(f"s{n}", id=n, at=NOON - minutes(1 + n)) for n in range(20)))

    page = read(**asked)

    assert (page.records, page.next_cursor) == ([], None)


def test_a_page_is_complete_only_when_nothing_is_left(store, read):
    store(*(span(f"s{n}", id=n, at=NOON - minutes(n)) for n in range(1, 4)))

    assert read(limit=2).shown()["complete"] is False
    assert read(limit=3).shown() | {"records": []} == {
        "window": LAST_HOUR.shown(),
        "records": [],
        "count": 3,
        "complete": True,
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"environment": "production"}, ["paid", "declined"]),
        ({"service": "search"}, ["found"]),
        ({"outcome": "failure"}, ["declined"]),
        ({"outcome": "ok"}, ["found", "paid"]),
        ({"signal_type": "error"}, ["declined"]),
        ({"session_id": "s-1"}, ["paid"]),
        ({"session_id": factory.trace_id("t2")}, ["declined"]),
        ({"trace_id": bytes.fromhex(factory.trace_id("t3"))}, ["found"]),
        ({"service": "nobody"}, []),
        ({"service": "search", "outcome": "failure"}, []),
    ],
)
def test_filters_choose_records(store, read, filters, expected):
    store(
        span("paid", trace="t1", at=NOON - minutes(2), attributes={"session.id": "s-1"}),
        span("declined", trace="t2", at=NOON - minutes(3), error="declined"),
        service_name="checkout",
        deployment_environment_name="production",
    )
    store(span("found", trace="t3", at=NOON - minutes(1)), service_name="search")

    assert names(read(**filters)) == expected


def test_a_cluster_or_an_operation_or_an_id_of_a_record_finds_it(store, read):
    store(span("paid", at=NOON - minutes(2)), span("declined", at=NOON - minutes(3), error="declined"))
    declined = read(outcome="failure").records[0]
    from telemetry.grouping.fingerprint import of_cluster_id

    ids = (bytes.fromhex(declined["trace_id"]), bytes.fromhex(declined["span_id"]))

    assert names(read(fingerprint=of_cluster_id(declined["cluster_id"]))) == ["declined"]
    assert names(read(operation=declined["operation"])) == ["declined"]
    assert names(read(record_id=ids)) == ["declined"]


def test_records_are_found_by_their_ids(alice, store, read):
    store(*(span(f"s{n}", trace=n, id=n, at=NOON - minutes(1)) for n in range(450)))
    store(span("old", trace="old", at=NOON - minutes(99_999)))
    unknown = f"rec_{'1' * 48}"
    known = [record["record_id"] for record in read(Window(0, LAST_HOUR.end_unix_nano), limit=500).records]

    with bind(alice.project):
        found = record_pages.find_records([*known, unknown, "nonsense", "rec_1"])

    assert sorted(found) == sorted(known)
    assert len(found) == 451
    assert {found[record_id]["record_id"] == record_id for record_id in found} == {True}


def test_another_projects_records_are_not_there(charlie, store, read):
    store(span("mine", at=NOON - minutes(1)))
    factory.store(charlie.project, [span("theirs", at=NOON - minutes(1))], NOON)

    assert names(read()) == ["mine"]
