"""Events of clients that send no spans become sessions, runs, calls, results and failures; other events do not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from telemetry.conventions.log_clients import CLIENTS
from telemetry.ingest import ingest_logs
from telemetry.models import Record
from telemetry.otlp.decode import Encoding
from telemetry.reads import record_json
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import minutes, span_id, trace_id
from tests.telemetry.log_requests import log, logs_request, protobuf_logs, recorded, without_context

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
Told = dict[str, Any]


@pytest.fixture
def told(alice: MintedProject) -> Callable[..., list[Told]]:
    """`told(*requests)`: the requests are ingested; the stored records by time and name."""

    def send(*requests: Mapping[str, Any] | bytes) -> list[Told]:
        with bind(alice.project):
            for request in requests:
                data = request if isinstance(request, bytes) else protobuf_logs(request)
                ingest_logs(data, Encoding.PROTOBUF, NOW)
            rows = Record.objects.order_by("start_time_unix_nano", "name", "span_id")
            return record_json.records_json(list(rows))

    return send


def test_claude_code_as_it_is_set_up_by_default_is_read_whole(told: Callable[..., list[Told]]) -> None:
    requests = [
        without_context(one.body) for one in recorded("node-claude-code-beta") if one.path == "/v1/logs"
    ]

    records = told(*requests)

    kinds = Counter((one["operation"], one["signal_type"]) for one in records)
    assert kinds["chat claude-sonnet-4-5", None] == 44
    assert kinds["chat claude-sonnet-4-5", "llm_call_failed"] == 4
    assert kinds["agent claude-code", None] == 30
    assert (kinds["tool Bash", None], kinds["tool Bash", "tool_call_failed"]) == (4, 2)
    assert kinds["tool Read", "tool_call_failed"] == 2
    assert kinds["claude_code.tool_decision", None] == 8
    assert len({one["session_id"] for one in records}) == 30
    assert len({one["trace_id"] for one in records}) == 30
    assert {one["user_id"] for one in records} == {
        "4dd63cecc8b8762201d75d32e6efcd43a1fb7ac822fcda9476fed4903e9a5026"
    }
    calls = [one for one in records if one["operation"].startswith("chat") and not one["signal_type"]]
    assert all(one["input_tokens"] and one["output_tokens"] and one["duration_ms"] for one in calls)
    assert all("cost_usd" in one["attributes"] for one in calls)
    runs = [one for one in records if one["operation"] == "agent claude-code"]
    assert all(one["capture"]["input"].startswith("Please look at item") for one in runs)
    of_runs = {one["span_id"] for one in runs}
    assert {one["parent_span_id"] for one in records if one not in runs} == of_runs


def test_each_event_has_the_same_ids_whatever_came_before_it(told: Callable[..., list[Told]]) -> None:
    requests = [
        without_context(one.body) for one in recorded("node-claude-code-beta") if one.path == "/v1/logs"
    ]

    once = told(*requests)
    again = told(*reversed(requests))

    assert [one["record_id"] for one in again] == [one["record_id"] for one in once]


CLAUDE = {"session.id": "s-1", "prompt.id": "p-1"}
CODEX = {"conversation.id": "c-1", "user.account_id": "u-1", "model": "gpt-5.1-codex"}
GEMINI = {"session.id": "g-1", "prompt_id": "g-1########1", "user.email": "ana@example.test"}


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        (
            "claude_code.api_error",
            CLAUDE | {"model": "claude-sonnet-4-6", "error": "Overloaded", "status_code": 529},
            {"operation": "chat claude-sonnet-4-6", "signal_type": "llm_call_failed", "message": "Overloaded"},
        ),
        (
            "claude_code.tool_result",
            CLAUDE | {"tool_name": "Bash", "success": "false", "error_type": "ShellError", "duration_ms": "104"},
            {"operation": "tool Bash", "signal_type": "tool_call_failed", "duration_ms": 104.0},
        ),
        (
            "claude_code.tool_decision",
            CLAUDE | {"tool_name": "Edit", "decision": "reject", "source": "user_reject"},
            {"operation": "claude_code.tool_decision", "outcome": "ok"},
        ),
        (
            "codex.conversation_starts",
            CODEX | {"provider_name": "openai"},
            {"operation": "codex.conversation_starts", "session_id": "c-1", "user_id": "u-1"},
        ),
        (
            "codex.user_prompt",
            CODEX | {"prompt_length": "9", "prompt": "[REDACTED]"},
            {"operation": "codex.user_prompt", "agent": "codex", "session_id": "c-1"},
        ),
        (
            "codex.sse_event",
            CODEX | {"event.kind": "response.completed", "input_token_count": "900", "output_token_count": 12},
            {"operation": "chat gpt-5.1-codex", "input_tokens": 900, "output_tokens": 12, "outcome": "ok"},
        ),
        (
            "codex.sse_event",
            CODEX | {"event.kind": "response.failed", "error.message": "stream disconnected"},
            {"signal_type": "llm_call_failed", "message": "stream disconnected"},
        ),
        (
            "codex.api_request",
            CODEX | {"attempt": 2, "duration_ms": "38", "error.message": "429 Too Many Requests"},
            {"signal_type": "llm_call_failed", "message": "429 Too Many Requests", "duration_ms": 38.0},
        ),
        (
            "codex.tool_result",
            CODEX | {"tool_name": "shell", "success": "false", "arguments": '{"command": ["ls"]}', "output": "exit 2"},
            {"operation": "tool shell", "signal_type": "tool_call_failed", "message": "exit 2"},
        ),
        (
            "codex.tool_result",
            CODEX | {"tool_name": "shell", "success": "true", "arguments": "{}", "output": "README.md"},
            {"operation": "tool shell", "outcome": "ok"},
        ),
        (
            "gemini_cli.user_prompt",
            GEMINI | {"prompt": "explain", "prompt_length": 7},
            {"operation": "agent gemini-cli", "session_id": "g-1", "user_id": "ana@example.test"},
        ),
        (
            "gemini_cli.api_response",
            GEMINI | {"model": "gemini-2.5-pro", "input_token_count": 70, "output_token_count": 5, "duration_ms": 812},
            {"operation": "chat gemini-2.5-pro", "input_tokens": 70, "output_tokens": 5, "duration_ms": 812.0},
        ),
        (
            "gemini_cli.api_response",
            GEMINI | {"model": "gemini-2.5-pro", "finish_reasons": ["length"]},
            {"signal_type": "output_truncated"},
        ),
        (
            "gemini_cli.api_error",
            GEMINI | {"model_name": "gemini-2.5-pro", "error.message": "quota exceeded", "duration": 40},
            {"operation": "chat gemini-2.5-pro", "signal_type": "llm_call_failed", "duration_ms": 40.0},
        ),
        (
            "gemini_cli.tool_call",
            GEMINI | {"function_name": "read_file", "success": False, "error": "ENOENT", "function_args": "{}"},
            {"operation": "tool read_file", "signal_type": "tool_call_failed", "message": "ENOENT"},
        ),
        (
            "copilot_chat.session.start",
            {"session.id": "v-1", "gen_ai.request.model": "gpt-4o", "gen_ai.agent.name": "agent"},
            {"operation": "copilot_chat.session.start", "agent": "copilot", "session_id": "v-1"},
        ),
        (
            "copilot_chat.user.feedback",
            {"rating": "negative", "participant": "agent", "conversation_id": "v-2", "request_id": "r-1"},
            {"signal_type": "user_signal", "message": "negative", "session_id": "v-2", "agent": "copilot"},
        ),
        (
            "copilot_chat.user.feedback",
            {"rating": "positive", "participant": "agent", "conversation_id": "v-2", "request_id": "r-1"},
            {"signal_type": None, "outcome": "ok", "session_id": "v-2"},
        ),
        (
            "copilot_chat.edit.feedback",
            {"rating": "negative", "outcome": "rejected"},
            {"signal_type": None, "outcome": "ok"},
        ),
        (
            "claude_code.api_request_body",
            CLAUDE | {"body": '{"model": "claude-sonnet-4-6", "messages": []}', "body_length": 45},
            {"operation": "claude_code.api_request_body", "agent": "claude-code", "outcome": "ok"},
        ),
    ],
)  # fmt: skip
def test_an_event_is_the_record_that_its_client_documents(
    told: Callable[..., list[Told]], name: str, attributes: dict[str, Any], expected: Told
) -> None:
    [record] = told(logs_request(log("", at=NOW, attributes=attributes | {"event.name": name})))

    assert {field: record[field] for field in expected} == expected
    assert record["name"] == name
    assert attributes.items() <= record["attributes"].items()


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("claude_code.permission_mode_changed", CLAUDE),
        ("claude_code.mcp_server_connection", CLAUDE | {"status": "connected"}),
        ("codex.sse_event", CODEX | {"event.kind": "response.output_text.delta"}),
        ("codex.api_request", CODEX | {"http.response.status_code": 200}),
        ("gemini_cli.api_request", GEMINI | {"model": "gemini-2.5-pro"}),
        ("gemini_cli.file_operation", GEMINI | {"tool_name": "read_file"}),
        ("copilot_chat.tool.call", {"gen_ai.tool.name": "readFile", "success": False, "error.type": "Error"}),
        ("gen_ai.client.inference.operation.details", {"gen_ai.request.model": "gpt-4o"}),
        ("user_prompt", {"prompt": "of another client"}),
        ("codexes.user_prompt", {"prompt": "of another client"}),
        ("", {"message": "listening on :8080"}),
    ],
)
def test_an_event_that_says_nothing_of_its_own_is_no_record(
    told: Callable[..., list[Told]], name: str, attributes: dict[str, Any]
) -> None:
    assert told(logs_request(log(name, at=NOW, attributes=attributes))) == []


def test_events_of_one_run_are_one_trace_below_its_prompt_in_any_order(
    told: Callable[..., list[Told]],
) -> None:
    call = {"model": "claude-sonnet-4-6", "input_tokens": 5, "output_tokens": 1, "request_id": "req_1"}
    events = [
        log("claude_code.user_prompt", at=NOW, attributes=CLAUDE | {"prompt": "<REDACTED>"}),
        log("claude_code.api_request", at=NOW + minutes(1), attributes=CLAUDE | call),
        log("claude_code.tool_result", at=NOW + minutes(2), attributes=CLAUDE | {"tool_name": "Read"}),
    ]
    ids = set()
    for order in permutations(events):
        records = told(*(logs_request(event, scope="com.anthropic.claude_code.events") for event in order))
        ids.add(tuple(one["record_id"] for one in records))

    prompt, *others = records
    assert len(ids) == 1
    assert prompt["parent_span_id"] is None
    assert {one["parent_span_id"] for one in others} == {prompt["span_id"]}
    assert prompt["capture"] == {
        "unit": "graph_node", "input": None, "output": None, "model": None, "expected": None, "replayable": False,
    }  # fmt: skip


RESPONSE = '{"content": [{"type": "text", "text": "Done."}], "stop_reason": "end_turn"}'


@pytest.mark.parametrize("answer", ["", "Done."])
def test_the_raw_response_joins_its_call_and_is_its_answer_where_no_other_is_logged(
    told: Callable[..., list[Told]], answer: str
) -> None:
    call = CLAUDE | {"model": "claude-sonnet-4-6", "request_id": "req_1"}
    events = [
        log("claude_code.api_response_body", at=NOW, attributes=call | {"body": RESPONSE}),
        log("claude_code.api_request", at=NOW, attributes=call | {"input_tokens": 5, "output_tokens": 1}),
        *(
            [log("claude_code.assistant_response", at=NOW, attributes=call | {"response": answer})]
            if answer
            else []
        ),
    ]
    for order in permutations(events):
        [record] = told(logs_request(*order))

        assert record["operation"] == "chat claude-sonnet-4-6"
        assert record["capture"]["output"] == (answer or json.loads(RESPONSE))


def test_a_raw_request_within_a_span_is_a_record_below_it(told: Callable[..., list[Told]]) -> None:
    request = CLAUDE | {"body": '{"messages": []}', "event.name": "claude_code.api_request_body"}
    within = {"traceId": trace_id("t"), "spanId": span_id("interaction")}

    [record] = told(logs_request(log("", at=NOW, attributes=request, **within)))

    assert record["parent_span_id"] == span_id("interaction")
    assert record["capture"] is None or record["capture"]["input"] == '{"messages": []}'


def test_events_before_the_first_prompt_are_a_trace_of_their_session(told: Callable[..., list[Told]]) -> None:
    facts = {"session.id": "s-1", "error_name": "TypeError"}

    [record] = told(logs_request(log("claude_code.internal_error", at=NOW, attributes=facts)))

    assert (record["session_id"], record["parent_span_id"]) == ("s-1", None)
    assert (record["signal_type"], record["message"]) == ("error", "TypeError")


@pytest.mark.parametrize("client", CLIENTS.clients, ids=lambda client: client.agent)
def test_each_event_of_a_client_has_its_prefix_and_odd_values_do_no_harm(
    told: Callable[..., list[Told]], client: Any
) -> None:
    odd = ["", -1, True, 1e300, "x" * 9000, ["a"], {"b": 1}, "\x00"]
    fields = {"duration_ms", "success", "error", "model", *client.run, *client.session, *client.call}
    names = [*client.events]
    assert all(name.startswith(client.prefix) for name in names)

    records = told(
        *(
            logs_request(*(log(name, at=NOW, attributes=dict.fromkeys(fields, value)) for name in names))
            for value in odd
        )
    )

    assert {one["agent"] for one in records} == {client.agent}
