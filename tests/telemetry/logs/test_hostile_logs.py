"""Log records that are made to break, to show or to hide something: each is stored as what it is, at its own cost."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry.conventions.log_clients import CLIENTS
from telemetry.ingest import ingest, ingest_logs
from telemetry.logs.identity import MAX_BODY, identify
from telemetry.logs.log_spans import spans_of_logs
from telemetry.models import Record
from telemetry.otlp.decode import Encoding
from telemetry.otlp.decode_logs import parse_logs_request
from telemetry.reads import record_json
from telemetry.scrubbing.scrub import scrub
from telemetry.spans.joining_log import EVENT_NAME
from telemetry.spans.span import DETAILS
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import protobuf, request, span, span_id, trace_id
from tests.telemetry.log_requests import log, logs_request, protobuf_logs

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
IDS = {
    "none": {},
    "a trace": {"traceId": trace_id("trace")},
    "a span": {"traceId": trace_id("trace"), "spanId": span_id("call")},
}
ERROR = {"severityNumber": 17}
ENTRANCE = "Kx9vTq2Lm8RzPw5Y"


@pytest.fixture
def records(alice: MintedProject) -> Callable[..., list[dict[str, Any]]]:
    """`records(*logs)`: the log records are ingested; what is stored."""

    def send(*logs: Mapping[str, Any]) -> list[dict[str, Any]]:
        with bind(alice.project):
            ingest_logs(protobuf_logs(logs_request(*map(dict, logs))), Encoding.PROTOBUF, NOW)
            return record_json.records_json(list(Record.objects.order_by("start_time_unix_nano", "span_id")))

    return send


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("prefix", [client.prefix for client in CLIENTS.clients])
@pytest.mark.parametrize("name", ["", "gen_ai.choice", "gen_ai.evaluation.result"])
def test_the_attribute_that_names_a_clients_event_is_given_by_loopkit_alone(
    records: Callable[..., list[dict[str, Any]]], name: str, prefix: str, ids: str
) -> None:
    for event in (f"{prefix}unknown", prefix, *CLIENTS.of_event(prefix, "")[0].events):  # type: ignore[index]
        body = {EVENT_NAME: event, "content": "x"}
        stored = records(log(name, at=NOW, attributes={EVENT_NAME: event}, body=body, **ERROR, **IDS[ids]))

        assert all(EVENT_NAME not in record["attributes"] for record in stored)


@pytest.mark.parametrize("value", [["a"], [], {"b": 1}, {}, [["a"]]])
def test_a_value_that_is_no_text_names_no_event(
    records: Callable[..., list[dict[str, Any]]], value: Any
) -> None:
    decided = [
        log(name, at=NOW, attributes={form.only[0]: value})
        for client in CLIENTS.clients
        for name, form in client.events.items()
        if form.only
    ]

    assert decided
    assert records(*decided) == []


SECRETS = {
    "the password of a URL": f"postgres://shop:{ENTRANCE}@db.internal/orders",
    "user and password": "Authorization: Basic " + base64.b64encode(f"shop:{ENTRANCE}".encode()).decode(),
    "a token": "ghp_vX8pQ2rT5yU9wZ3aB6cD1eF4gH7jK0mN2pQ5",
    "a value before its name": f'{{"value": "{ENTRANCE}", "name": "DB_PASSWORD"}}',
}


def message_of(body: str) -> str:
    """The message that is stored of a failure with this body."""
    sent = protobuf_logs(logs_request(log(at=NOW, body=body, **ERROR)))
    request = spans_of_logs(parse_logs_request(sent, Encoding.PROTOBUF)).records
    scrub(request, request.SerializeToString())
    identify(request)
    return request.resource_spans[0].scope_spans[0].spans[0].status.message


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("cut", [1, 2, 5, 12, 20])
def test_a_secret_at_the_place_where_a_body_is_cut_is_removed_whole(text: str, cut: int) -> None:
    clean = "y" * (MAX_BODY - len(text) + cut - 1) + " "
    secret = next(word for word in (ENTRANCE, text.split()[-1]) if word in text)

    shown = message_of(clean + text)

    assert len(shown) <= MAX_BODY
    assert secret[:10] not in shown


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}
FAILED = {"status": {"code": 2, "message": "payment gateway timed out"}}
STORED: dict[str, dict[str, Any]] = {
    "a request": {"kind": 2, **FAILED},
    "a 5xx": {"kind": 2, "attributes": {"http.response.status_code": 500}},
    "a model call": {"attributes": CHAT, **FAILED},
    "a tool call": {"attributes": TOOL, **FAILED},
    "a tool's result": {"attributes": TOOL | {"gen_ai.tool.call.result": '{"error": "no such order"}'}},
    "a cut answer": {"attributes": CHAT | {"gen_ai.response.finish_reasons": ["length"]}},
    "a refused answer": {"attributes": CHAT | {"gen_ai.response.finish_reasons": ["content_filter"]}},
    "a tool of another convention": {
        "attributes": {"openinference.span.kind": "TOOL", "output.value": '{"error": "no such order"}'}
    },
}
FACTS = ("signal_type", "failure_message", "unit", "operation", "fingerprint")
HIDING: dict[str, tuple[str, dict[str, Any]]] = {
    "an exception that steers": (DETAILS, {"error.type": "GraphInterrupt"}),
    "other work": (DETAILS, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
    "another convention": (
        DETAILS,
        {"ai.operationId": "ai.generateText", "openinference.span.kind": "AGENT"},
    ),
    "another reason": (DETAILS, {"gen_ai.response.finish_reasons": ["stop"]}),
    "another reason in a choice": ("gen_ai.choice", {"finish_reason": "stop"}),
    "another result": (DETAILS, {"gen_ai.tool.call.result": "fine"}),
    "a result in an event": ("gen_ai.choice", {"message": "fine"}),
    "a good rating": ("gen_ai.evaluation.result", {"gen_ai.evaluation.score.label": "good"}),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
@pytest.mark.parametrize("said", HIDING.values(), ids=HIDING)
def test_no_log_record_makes_a_stored_failure_a_success_or_other_work(
    alice: MintedProject, said: tuple[str, dict[str, Any]], stored: dict[str, Any]
) -> None:
    name, attributes = said
    joining = log(name, at=NOW, attributes=attributes, **IDS["a span"])
    with bind(alice.project):
        ingest(protobuf(request(span("op", id="call", at=NOW, **stored))), Encoding.PROTOBUF, NOW)
        before = Record.objects.values(*FACTS).get()
        ingest_logs(protobuf_logs(logs_request(joining)), Encoding.PROTOBUF, NOW)
        after = Record.objects.values(*FACTS).get()

    assert before["signal_type"]
    assert after == before
