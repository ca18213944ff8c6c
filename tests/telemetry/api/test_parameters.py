"""What reads may be asked over HTTP: bounds, defaults, and refusals that name the right way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.utils import timezone

from tenants.keys.provisioning import MintedProject
from tests.telemetry import factory
from tests.telemetry.factory import minutes, span

LISTS = ("/v1/telemetry", "/v1/sessions")

Get = Callable[..., Any]


@pytest.fixture
def get(alice: MintedProject, call: Any) -> Get:
    """`get(path, limit=1)` with alice's agent key: the answer as JSON, with its status code."""

    def send(path: str, key: str = alice.keys["agent"], **query: Any) -> dict[str, Any]:
        response = call("GET", f"{path}?{urlencode(query)}" if query else path, key)
        return response.json() | {"status_code": response.status_code}

    return send


@pytest.fixture
def store(alice: MintedProject) -> Callable[..., None]:
    """Stores spans in alice's project."""

    def send(*spans: dict[str, Any]) -> None:
        factory.store(alice.project, spans, timezone.now())

    return send


def refused(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["status_code"], answer["error"]["code"]


@pytest.mark.parametrize(
    ("path", "rows"),
    [("/v1/telemetry", "records"), ("/v1/sessions", "sessions"), ("/v1/sessions/s", "records")],
)
def test_an_answer_says_its_window_and_whether_it_is_complete(get, store, path, rows):
    store(span(at=timezone.now() - minutes(5), attributes={"session.id": "s"}))

    answer = get(path)

    assert answer["status_code"] == 200
    assert answer["ok"] is True
    assert len(answer[rows]) == answer["count"] == 1
    assert answer["complete"] is True
    assert answer["next_cursor"] is None
    assert answer["window"]["start"] < answer["window"]["end"]


def test_the_window_is_an_hour_for_lists_and_thirty_days_for_one_session(get, store):
    store(span(at=timezone.now() - minutes(5), attributes={"session.id": "s"}))

    lengths = [get(path)["window"]["since_minutes"] for path in (*LISTS, "/v1/sessions/s")]

    assert lengths == [60, 60, 43200]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("parameter", "meant"),
    [("sesion_id", "session_id"), ("since", "since_minutes"), ("Limit", "limit"), ("env", "environment")],
)
def test_an_unknown_parameter_is_refused_with_the_nearest(get, path, parameter, meant):
    answer = get(path, **{parameter: "1"})

    assert refused(answer) == (400, "unknown_parameter")
    assert f"Did you mean {meant}?" in answer["error"]["hint"]


def test_one_session_knows_no_filters(get):
    answer = get("/v1/sessions/s", environment="production")

    assert refused(answer) == (400, "unknown_parameter")
    assert "since_minutes" in answer["error"]["hint"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("parameter", "value", "shown"),
    [
        ("since_minutes", "0", "1 to 43200"),
        ("since_minutes", "43201", "1 to 43200"),
        ("since_minutes", "hour", "1 to 43200"),
        ("limit", "0", "1 to 500"),
        ("limit", "501", "1 to 500"),
        ("until", "yesterday", "2026-01-31T12:00:00Z"),
        ("until", "0001-01-01T00:00:00+14:00", "2026-01-31T12:00:00Z"),
        ("until", "9999-12-31T23:59:59Z", "2026-01-31T12:00:00Z"),
        ("outcome", "fail", "Did you mean failure?"),
        ("signal_type", "tool_failed", "Did you mean tool_call_failed?"),
        ("trace_id", "0af7", "32 hex digits"),
        ("record_id", f"rec_{'g' * 48}", "rec_ and 48 hex digits"),
        ("cluster_id", "clu_1", "clu_0000000000000001"),
        ("cursor", "AAAA", "next_cursor"),
        ("cursor", "!", "next_cursor"),
        ("session_id", "", "Leave the parameter out"),
        ("environment", "\x00", "Leave the parameter out"),
    ],
)
def test_a_bad_value_is_refused_with_the_right_form(get, path, parameter, value, shown):
    answer = get(path, **{parameter: value})

    assert refused(answer) == (400, "invalid")
    assert answer["error"]["message"].startswith(f"{parameter}: ")
    assert shown in answer["error"]["hint"]


@pytest.mark.parametrize("known_by", ["record_id", "trace_id"])
def test_an_id_names_its_records_wherever_they_lie(get, store, known_by):
    store(span("old", trace="old", id="old", at=timezone.now() - timedelta(days=400)))
    trace_id, span_id = factory.trace_id("old"), factory.span_id("old")
    known = {"record_id": f"rec_{trace_id}{span_id}", "trace_id": trace_id}[known_by]

    assert [record["name"] for record in get("/v1/telemetry", **{known_by: known})["records"]] == ["old"]
    assert get("/v1/telemetry", **{known_by: known, "since_minutes": 60})["records"] == []


def test_a_session_reaches_back_thirty_days(get, store):
    store(span("old", at=timezone.now() - timedelta(days=29), attributes={"session.id": "s"}))

    assert get("/v1/telemetry", session_id="s")["count"] == 1
    assert get("/v1/sessions", session_id="s")["count"] == 1
    assert get("/v1/telemetry", session_id="s", since_minutes=60)["count"] == 0


@pytest.mark.parametrize("path", LISTS)
def test_until_reads_a_past_window_again(get, store, path):
    then = timezone.now() - timedelta(days=3)
    store(span(trace="then", at=then - minutes(5)), span(trace="now", at=timezone.now() - minutes(5)))

    answer = get(path, until=then.isoformat(), since_minutes=10)

    assert answer["count"] == 1
    assert answer["window"]["since_minutes"] == 10


@pytest.mark.parametrize(("path", "rows"), [("/v1/telemetry", "records"), ("/v1/sessions", "sessions")])
def test_a_cursor_keeps_its_window(get, store, path, rows):
    store(*(span(trace=n, id=n, at=timezone.now() - minutes(n)) for n in range(1, 4)))
    first = get(path, limit=2)

    second = get(path, limit=2, cursor=first["next_cursor"])

    assert second["window"] == first["window"]
    assert (len(second[rows]), second["complete"]) == (1, True)


def test_a_session_id_may_be_any_text(get, store):
    name = "chat/42?x=1 é%"
    store(span(at=timezone.now() - minutes(5), attributes={"session.id": name}))

    answer = get(f"/v1/sessions/{quote(name, safe='')}")

    assert answer["session"]["session_id"] == name


def test_a_missing_session_is_a_404_that_says_what_to_try(get):
    answer = get("/v1/sessions/nobody", since_minutes=60)

    assert refused(answer) == (404, "session_not_found")
    assert "widen since_minutes" in answer["error"]["hint"]


@pytest.mark.parametrize("path", [*LISTS, "/v1/sessions/s"])
def test_reads_need_a_key_that_may_read(get, alice, path):
    assert refused(get(path, key="")) == (401, "not_authenticated")
    assert refused(get(path, key=alice.keys["producer"])) == (403, "scope_missing")


@pytest.mark.parametrize("path", ["/v1/sessions/s", f"/v1/sessions/{factory.trace_id('t')}"])
def test_one_session_of_another_project_is_not_found(get, store, charlie, path):
    store(span(trace="t", at=timezone.now() - minutes(5), attributes={"session.id": "s"}))

    assert refused(get(path, key=charlie.keys["agent"])) == (404, "session_not_found")


def test_an_unknown_record_id_is_a_404_that_says_so(get, store, alice, charlie):
    sent = span(at=timezone.now() - minutes(5))
    store(sent)
    theirs = span(trace="theirs", at=timezone.now())
    factory.store(charlie.project, [theirs], timezone.now())
    own = factory.record_id(sent)

    assert get("/v1/telemetry", record_id=own)["count"] == 1
    other_filter = get("/v1/telemetry", record_id=own, outcome="failure")
    assert (other_filter["status_code"], other_filter["count"]) == (200, 0)
    for missing in (factory.record_id(theirs), own[:-1] + ("0" if own[-1] != "0" else "1")):
        answer = get("/v1/telemetry", record_id=missing)
        assert refused(answer) == (404, "record_not_found")
        assert "record_id" in answer["error"]["hint"]
