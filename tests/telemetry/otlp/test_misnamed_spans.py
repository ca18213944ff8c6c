"""Spans under names that are not OTLP's are ignored as the protocol says, and counted."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry import ledger
from telemetry.otlp.misnamed_spans import MISNAMED, misnamed_spans
from telemetry.store.tallies import NO_SPANS
from tenants.keys.provisioning import MintedProject
from tests import captures
from tests.telemetry.factory import PROTOBUF, request, span

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SPAN = span("work", at=NOW, attributes={"a": {"traceId": "in a value", "spanId": "of a span"}})
SNAKE = {"trace_id": SPAN["traceId"], "span_id": SPAN["spanId"], "name": "work"}
LIBRARY = {"instrumentationLibrary": {"name": "old"}, "spans": [SPAN, SPAN]}
SHAPES: dict[str, tuple[Any, int]] = {
    "snake_case": ({"resource_spans": [{"scope_spans": [{"spans": [SNAKE]}]}]}, 1),
    "snake_case below": (
        {"resourceSpans": [{"resource": {}, "scope_spans": [{"spans": [SNAKE, SNAKE]}]}]},
        2,
    ),
    "the old name": ({"resourceSpans": [{"instrumentationLibrarySpans": [LIBRARY]}]}, 2),
    "the old name in snake_case": ({"resource_spans": [{"instrumentation_library_spans": [LIBRARY]}]}, 2),
    "spans alone": ({"spans": [SPAN]}, 1),
    "spans of a resource": ({"resourceSpans": [{"resource": {}, "spans": [SPAN]}]}, 1),
    "one span": ({"span": SPAN}, 1),
    "another protocol": ({"data": [{"traceID": "1", "spans": [{"traceID": "1", "spanID": "2"}]}]}, 1),
    "another list of a scope": ({"resourceSpans": [{"scopeSpans": [{"spans": [], "Spans": [SPAN]}]}]}, 1),
}
EMPTY: list[Any] = [
    {},
    {"resourceSpans": []},
    {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": []}]}]},
    {"spans": []},
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "text"}}]}]}]},
    {"resourceSpans": None, "more": [1, "two", None, [[]]]},
]


def counts(call: Callable[..., Any], alice: MintedProject) -> dict[str, int]:
    """The ledger's counts by reason."""
    entries = call("GET", "/v1/ledger", alice.keys["agent"]).json()["entries"]
    return {entry["reason"]: entry["total"] for entry in entries}


@pytest.mark.parametrize(("body", "number"), SHAPES.values(), ids=SHAPES)
def test_spans_under_another_name_are_accepted_and_told(
    call: Callable[..., Any], alice: MintedProject, body: Any, number: int
) -> None:
    answer = call("POST", "/v1/traces", alice.keys["producer"], body)

    assert (answer.status_code, answer.headers["X-LoopKit-Accepted"]) == (202, "0")
    assert answer.json()["partialSuccess"]["rejectedSpans"] == str(number)
    assert MISNAMED in answer.json()["partialSuccess"]["errorMessage"]
    assert counts(call, alice) == {MISNAMED: number}


def test_the_ledger_says_how_to_name_them() -> None:
    assert "resourceSpans, scopeSpans and spans" in ledger.REASONS[MISNAMED].remedy


@pytest.mark.parametrize("body", EMPTY, ids=range(len(EMPTY)))
def test_a_request_without_spans_is_a_success_and_counted(
    call: Callable[..., Any], alice: MintedProject, body: Any
) -> None:
    answer = call("POST", "/v1/traces", alice.keys["producer"], body)

    assert (answer.status_code, answer.content) == (202, b"{}")
    assert counts(call, alice) == {NO_SPANS: 1}


def test_an_empty_protobuf_request_is_counted_too(call: Callable[..., Any], alice: MintedProject) -> None:
    answer = call("POST", "/v1/traces", alice.keys["producer"], b"\x0a\x00", **{"Content-Type": PROTOBUF})

    assert answer.status_code == 200
    assert counts(call, alice) == {NO_SPANS: 1}


def test_spans_beside_misnamed_ones_are_stored(call: Callable[..., Any], alice: MintedProject) -> None:
    body = request(SPAN) | {"spans": [SNAKE]}

    answer = call("POST", "/v1/traces", alice.keys["producer"], body)

    assert (answer.headers["X-LoopKit-Accepted"], answer.headers["X-LoopKit-Rejected"]) == ("1", "1")


def test_what_real_clients_send_holds_no_misnamed_span() -> None:
    bodies = [recorded for name in captures.NAMES for recorded in captures.requests(name)]
    found = [json.loads(one.plain) for one in bodies if "json" in one.headers["content-type"]]

    assert found
    assert [misnamed_spans(body) for body in found] == [0] * len(found)


def test_attributes_and_unknown_fields_of_spans_are_not_looked_at() -> None:
    body = copy.deepcopy(request(SPAN | {"future": [SNAKE]}, scope={"name": "s", "future": [SNAKE]}))

    assert misnamed_spans(body) == 0


def test_values_that_nest_without_end_are_looked_at_to_a_depth() -> None:
    nested: Any = [SNAKE]
    for _ in range(500):
        nested = [nested]

    assert misnamed_spans({"more": nested}) == 0
