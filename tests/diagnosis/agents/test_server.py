"""The MCP server: both forms of the protocol, keys, bounds, and what it says where it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from diagnosis.agents import server
from diagnosis.agents.tools import TOOLS
from diagnosis.models import Loop, Packet
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import make_loop
from tests.tool_calls import PRESENT, call_in_present_form, call_tool, message

Call = Callable[..., Any]
NAMES = [tool.name for tool in TOOLS]


def test_the_earlier_form_of_the_protocol(alice: MintedProject, call: Call) -> None:
    key = alice.keys["agent"]
    opened = call("POST", "/mcp", key, message("initialize", {"protocolVersion": "2025-11-25"})).json()[
        "result"
    ]
    noted = call("POST", "/mcp", key, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    listed = call("POST", "/mcp", key, message("tools/list")).json()["result"]

    assert opened["protocolVersion"] == "2025-11-25"
    assert opened["instructions"] == server.INSTRUCTIONS
    assert noted.status_code == 202
    assert [tool["name"] for tool in listed["tools"]] == NAMES


def test_the_present_form_of_the_protocol(alice: MintedProject, call: Call) -> None:
    key = alice.keys["agent"]
    found = call_in_present_form(call, key, "server/discover").json()["result"]
    listed = call_in_present_form(call, key, "tools/list").json()["result"]
    params = {"name": "loopkit_loops", "arguments": {}}
    called = call_in_present_form(call, key, "tools/call", params).json()["result"]

    assert PRESENT in found["supportedVersions"]
    assert [tool["name"] for tool in listed["tools"]] == NAMES
    assert called["structuredContent"]["loops"] == []
    assert orjson.loads(called["content"][0]["text"]) == called["structuredContent"]


def test_descriptions_are_whole_where_clients_cut_them(alice: MintedProject, call: Call) -> None:
    listed = call("POST", "/mcp", alice.keys["agent"], message("tools/list")).json()["result"]["tools"]

    assert len(server.INSTRUCTIONS) <= 2048
    assert all(len(tool["description"]) <= 2048 for tool in listed)
    assert len(orjson.dumps(listed)) / 2.5 <= 4_000
    for tool in listed:
        assert tool["inputSchema"]["additionalProperties"] is False
        assert "budget" in tool["inputSchema"]["properties"]
        assert tool["annotations"]["destructiveHint"] is False


@pytest.mark.parametrize("kind", ["", "producer", "feedback", "wrong"])
def test_other_keys_are_told_which_one(kind: str, alice: MintedProject, call: Call) -> None:
    key = "lk_agent_wrong" if kind == "wrong" else alice.keys.get(kind, "")
    answer = call("POST", "/mcp", key, message("tools/list"))

    status = 401 if kind in ("", "wrong") else 403
    assert answer.status_code == status
    assert answer["WWW-Authenticate"].startswith('Bearer realm="loopkit", error=')
    assert "resource_metadata" not in answer["WWW-Authenticate"]
    assert answer.json()["error"] == ("invalid_token" if status == 401 else "insufficient_scope")
    assert "agent key" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[" * 200_000, 400, -32700),
        (b'{"a":' * 40_000, 400, -32700),
        (b"x" * 300_000, 413, -32600),
        (b"{", 400, -32700),
        (b"[]", 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}', 200, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nothing"}}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": []}', 400, -32600),
        (b"\xff\xfe", 400, -32700),
    ],
)
def test_bodies_that_are_no_request(
    body: bytes, status: int, code: int, alice: MintedProject, call: Call
) -> None:
    answer = call("POST", "/mcp", alice.keys["agent"], body)

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_nothing_but_post(method: str, alice: MintedProject, call: Call) -> None:
    answer = call(method, "/mcp", alice.keys["agent"])

    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_pages_of_other_hosts_are_refused(alice: MintedProject, call: Call) -> None:
    answer = call("POST", "/mcp", alice.keys["agent"], message("ping"), Origin="https://evil.example")

    assert answer.status_code == 403


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_unknown_arguments_are_refused_with_the_nearest(tool: Any, alice: MintedProject, call: Call) -> None:
    answer = call_tool(call, alice.keys["agent"], tool.name, budgett=900)

    error = orjson.loads(answer.text)
    assert answer.is_error
    assert (error["code"], error["with"]) == ("unknown_parameter", {"text": {"name": "budgett"}})
    assert "Did you mean budget?" in error["hint"]


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("loopkit_handoff", {"loop_id": "{loop}"}, "loop_not_found"),
        ("loopkit_loops", {"loop_id": "{loop}"}, "loop_not_found"),
        ("loopkit_issue", {"loop_id": "{loop}"}, "loop_not_found"),
        ("loopkit_eval_spec", {"loop_id": "{loop}"}, "loop_not_found"),
        ("loopkit_verify", {"loop_id": "{loop}"}, "loop_not_found"),
        ("loopkit_report", {"loop_id": "{loop}", "kind": "merged"}, "loop_not_found"),
        ("loopkit_report", {"loop_id": "{loop}", "kind": "eval_result", "passed": True}, "loop_not_found"),
        ("loopkit_diagnose", {"cursor": "{packet}:0"}, "packet_not_found"),
    ],
)
def test_nothing_of_another_project(
    name: str,
    arguments: dict[str, Any],
    code: str,
    alice: MintedProject,
    charlie: MintedProject,
    call: Call,
) -> None:
    loop = make_loop(charlie.project)
    ids = {"loop": loop.loop_id, "packet": loop.packet_id}
    sent = {key: value.format(**ids) if isinstance(value, str) else value for key, value in arguments.items()}

    answer = call_tool(call, alice.keys["agent"], name, **sent)

    assert answer.is_error
    assert orjson.loads(answer.text)["code"] == code
    assert Loop.objects.get().state == Loop.State.PROPOSED


@pytest.mark.parametrize(
    "name", [f"loopkit_{name}" for name in ("loops", "issue", "eval_spec", "handoff", "verify")]
)
@pytest.mark.parametrize(
    "behind", ["/handoff", "/events", "/../telemetry", "%2fhandoff", "?format=zip", "#", "/"]
)
def test_an_id_is_no_way_to_another_path(name: str, behind: str, alice: MintedProject, call: Call) -> None:
    loop = make_loop(alice.project, state=Loop.State.APPROVED)
    answer = call_tool(call, alice.keys["agent"], name, loop_id=f"{loop.loop_id}{behind}"[-40:])

    error = orjson.loads(answer.text)
    assert answer.is_error
    assert error["code"] in {"not_found", "loop_not_found", "invalid"}


@pytest.mark.parametrize(
    "cursor", [":::", "{packet}", "{packet}:²", "{packet}:-1", "{packet}/:0", "loop_0:0"]
)
def test_a_cursor_of_another_form_begins_no_diagnosis(cursor: str, alice: MintedProject, call: Call) -> None:
    packet_id = make_loop(alice.project).packet_id
    answer = call_tool(call, alice.keys["agent"], "loopkit_diagnose", cursor=cursor.format(packet=packet_id))

    assert answer.is_error
    assert orjson.loads(answer.text)["code"] == "invalid"
    assert Packet.objects.count() == 1


def test_a_decision_is_no_report(alice: MintedProject, call: Call) -> None:
    loop = make_loop(alice.project)
    answer = call_tool(call, alice.keys["agent"], "loopkit_report", loop_id=loop.loop_id, kind="approve")

    assert answer.is_error
    assert Loop.objects.get().state == Loop.State.PROPOSED


def test_a_key_that_calls_too_often_is_told_when(
    alice: MintedProject, charlie: MintedProject, call: Call, settings: Any
) -> None:
    settings.LOOPKIT_AGENT_RATE = "2/m"
    answers = [call_tool(call, alice.keys["agent"], "loopkit_loops") for _ in range(3)]
    other = call_tool(call, charlie.keys["agent"], "loopkit_loops")

    error = orjson.loads(answers[2].text)
    assert [answer.is_error for answer in (*answers, other)] == [False, False, True, False]
    assert error["code"] == "rate_limited"
    assert 0 < error["retry_after_s"] <= 62


def test_answers_are_stored_nowhere(alice: MintedProject, call: Call) -> None:
    answer = call("POST", "/mcp", alice.keys["agent"], message("tools/list"))

    assert "no-store" in answer["Cache-Control"]
