"""The name of the work: few values, no ids."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry import conventions
from telemetry.spans.operation import operation
from tests.telemetry.span_builders import CLIENT, CLIENTS, INTERNAL, SERVER, captured, make_span


def name_of(name: str, attributes: dict[str, Any], kind: int = INTERNAL) -> str:
    span = make_span(name, attributes=attributes, kind=kind)
    return operation(span, conventions.read_meaning(span))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_real_client_has_few_operations_and_none_holds_a_long_number(client: str) -> None:
    operations = {operation(span, conventions.read_meaning(span)) for span in captured(client)}

    assert len(operations) <= 30
    assert not [
        name for name in operations if any(word.isdigit() and len(word) > 1 for word in name.split("/"))
    ]


@pytest.mark.parametrize(
    ("name", "attributes", "kind", "expected"),
    [
        (
            "t",
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"},
            INTERNAL,
            "tool refund",
        ),
        ("tools/call refund", {"mcp.method.name": "tools/call"}, CLIENT, "tool refund"),
        (
            "c",
            {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini-2024-07-18"},
            1,
            "chat gpt-4o-mini",
        ),
        (
            "e",
            {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "ada-2"},
            CLIENT,
            "embeddings ada-2",
        ),
        (
            "a",
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"},
            INTERNAL,
            "agent helper",
        ),
        (
            "haystack.component.run",
            {"haystack.component.type": "BM25Retriever", "haystack.component.name": "retriever"},
            INTERNAL,
            "haystack.component.run retriever",
        ),
        ("GET", {"http.request.method": "GET", "http.route": "/orders/:id"}, SERVER, "GET /orders/:id"),
        (
            "llm_call",
            {"gen_ai.operation.name": "llm_call", "gen_ai.request.model": "m"},
            INTERNAL,
            "chat m",
        ),
        (
            "Turn {turn} of {agent_name!r} for {text}",
            {"logfire.msg_template": "x", "turn": 3, "agent_name": "helper", "text": "hi"},
            INTERNAL,
            "Turn {id} of helper for {text}",
        ),
        ("GET /carts/{name}", {"name": "A-1"}, INTERNAL, "GET /carts/{name}"),
        ("GET", {"http.method": "GET", "http.route": "/o/<int:oid>"}, SERVER, "GET /o/<int:oid>"),
        (
            "GET",
            {"http.request.method": "GET", "server.address": "api.example.test"},
            CLIENT,
            "GET api.example.test",
        ),
        (
            "GET",
            {"http.method": "GET", "http.url": "http://u:p@api.test:81/o/17?q=1"},
            CLIENT,
            "GET api.test",
        ),
        (
            "q",
            {"db.system.name": "postgresql", "db.query.text": "select * from orders where id=7"},
            3,
            "SELECT orders",
        ),
        (
            "q",
            {"db.system": "mongodb", "db.operation": "find", "db.mongodb.collection": "carts"},
            3,
            "find carts",
        ),
        ("q", {"db.system.name": "mysql", "db.query.summary": "INSERT orders"}, 3, "INSERT orders"),
        (
            "r",
            {"rpc.system": "grpc", "rpc.service": "shop.Orders", "rpc.method": "Get"},
            CLIENT,
            "shop.Orders/Get",
        ),
        ("r", {"rpc.system.name": "grpc", "rpc.method": "shop.Orders/Get"}, SERVER, "shop.Orders/Get"),
        (
            "m",
            {"messaging.system": "kafka", "messaging.operation.name": "poll", "messaging.destination.name": "orders"},
            5,
            "poll orders",
        ),
        (
            "m",
            {"messaging.system": "rabbitmq", "messaging.operation": "publish", "messaging.destination": "orders-10042"},
            4,
            "publish orders-{id}",
        ),
        (
            "m",
            {
                "messaging.system": "jms",
                "messaging.operation.type": "send",
                "messaging.destination.name": "reply-queue-of-one",
                "messaging.destination.temporary": True,
            },
            4,
            "send",
        ),
        ("orders send", {"messaging.system": "aws_sqs"}, 4, "orders send"),
    ],
)  # fmt: skip
def test_known_work_is_named_by_what_it_does(
    name: str, attributes: dict[str, Any], kind: int, expected: str
) -> None:
    assert name_of(name, attributes, kind) == expected


@pytest.mark.parametrize(
    "name", ["middleware - jsonParser", "request handler", "checkout.charge", "sha256 v2 step"]
)
def test_steps_inside_a_request_keep_their_names(name: str) -> None:
    assert name_of(name, {"http.route": "/orders/:id", "express.type": "middleware"}) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GET /orders/10042/items", "GET /orders/{id}/items"),
        ("job 5f1c2a9be7734c0d", "job {id}"),
        ("sync 0b51dcb6-1c5a-4b2e-9d3c-5f0f6d8f2a11 done", "sync {id} done"),
        ("order_10042", "order_{id}"),
    ],
)
def test_ids_in_names_are_masked(name: str, expected: str) -> None:
    assert name_of(name, {}) == expected


def test_a_success_and_a_failure_of_one_model_share_their_operation() -> None:
    answered = {
        "gen_ai.system": "x",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
    }
    failed = {"gen_ai.system": "x", "gen_ai.request.model": "gpt-4o"}

    assert name_of("chat", answered) == name_of("chat", failed)


def test_it_is_short_and_fits_every_database() -> None:
    assert name_of("a\x00b" * 300, {}) == ("ab" * 300)[: len(name_of("a\x00b" * 300, {}))]
    assert len(name_of("word " * 100, {})) == 200
    assert name_of("", {}) == "unnamed"
