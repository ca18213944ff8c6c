"""What spans of real clients mean, and that other spans mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry import conventions
from telemetry.spans.meaning import Meaning
from tests.telemetry.span_builders import CLIENTS, captured, labels, make_span

TOOLS = {"lookup_order", "refund", "track_parcel"}
# client: agents, tools, model calls, sums of input and output tokens; two clients of one scenario agree
FACTS: dict[str, tuple[set[str], set[str], int, int, int]] = {
    "node-aisdk-v5": ({"support-agent"}, TOOLS, 218, 70442, 1478),
    "node-aisdk-v7-legacy": ({"support-agent"}, TOOLS, 132, 41910, 891),
    "py-genai-openai": ({"support_agent"}, TOOLS | {"cancel_order"}, 218, 76920, 1478),
    "py-langsmith": ({"support_agent", "support_graph_agent"}, TOOLS | {"tool_call"}, 167, 44967, 1139),
    "py-mcp": (set(), TOOLS | {"cancel_order"}, 0, 0, 0),
    "py-openinference-langgraph": ({"support_agent"}, TOOLS, 159, 43410, 1086),
    "py-openinference-openai": ({"support_agent"}, TOOLS | {"cancel_order"}, 218, 76920, 1478),
    "py-traceloop-old": ({"support_agent", "support_chat", "support_graph"}, TOOLS, 214, 50723, 1310),
    "node-express-json": (set(), set(), 0, 0, 0),
    "py-flask-json": (set(), set(), 0, 0, 0),
    "py-flask-proto": (set(), set(), 0, 0, 0),
}


def meanings(client: str) -> list[Meaning]:
    return [conventions.read_meaning(span) for span in captured(client)]


@pytest.mark.parametrize("client", CLIENTS)
def test_every_labelled_session_is_found_and_no_other(client: str) -> None:
    found: dict[str, set[str]] = {}

    for span in captured(client):
        session_id = conventions.read_meaning(span).session_id
        if session_id:
            found.setdefault(span.trace_id.hex(), set()).add(session_id)

    expected = {trace_id: {row["session"]} for trace_id, row in labels(client).items() if row["session"]}
    assert {trace_id: found.get(trace_id) for trace_id in expected} == expected


@pytest.mark.parametrize("client", FACTS)
def test_agents_tools_models_and_tokens_are_found(client: str) -> None:
    agents, tools, model_calls, input_tokens, output_tokens = FACTS[client]

    read = meanings(client)

    calls = [meaning for meaning in read if meaning.unit == "llm_call"]
    assert {meaning.agent for meaning in read} - {""} == agents
    assert {meaning.tool for meaning in read} - {""} == tools
    assert len(calls) == model_calls
    assert {meaning.model for meaning in calls} <= {"gpt-4o-mini"}
    assert sum(meaning.input_tokens or 0 for meaning in read) == input_tokens
    assert sum(meaning.output_tokens or 0 for meaning in read) == output_tokens


@pytest.mark.parametrize("client", sorted(set(FACTS) - {"py-mcp", "py-genai-openai"}))
def test_every_unit_of_work_has_an_input(client: str) -> None:
    captures = [capture for span in captured(client) if (capture := conventions.capture_of(span))]

    assert all(capture.replayable for capture in captures)
    assert bool(captures) == bool(FACTS[client][2])


@pytest.mark.parametrize("client", FACTS)
def test_users_are_found_wherever_sessions_are(client: str) -> None:
    with_user = {span.trace_id for span in captured(client) if conventions.read_meaning(span).user_id}

    expected = {bytes.fromhex(trace_id) for trace_id, row in labels(client).items() if row["session"]}
    assert expected <= with_user


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.llm.model": '"gpt-4o-mini"',
                "mlflow.chat.tokenUsage": '{"input_tokens": 7, "output_tokens": 3}',
                "mlflow.spanOutputs": '{"choices": [{"finish_reason": "length", "index": 0}]}',
            },
            Meaning(
                unit="llm_call", model="gpt-4o-mini", input_tokens=7, output_tokens=3, finish_reason="length"
            ),
        ),
        (
            {"mlflow.spanType": '"TOOL"', "mlflow.spanFunctionName": '"lookup_order"', "user.id": "u1"},
            Meaning(unit="tool_call", tool="lookup_order", user_id="u1"),
        ),
        (
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "refund",
                "gen_ai.conversation.id": "c1",
            },
            Meaning(unit="tool_call", tool="refund", session_id="c1"),
        ),
        (
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": "helper",
                "gen_ai.usage.input_tokens": 900,
                "metadata": '{"user_id": "u1"}',
            },
            Meaning(unit="graph_node", agent="helper", is_agent_run=True, user_id="u1"),
        ),
        (
            {"gen_ai.system": "openai", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": "12"},
            Meaning(unit="llm_call", model="m", input_tokens=12),
        ),
        (
            {
                "gen_ai.system": "gcp.vertex.agent",
                "gcp.vertex.agent.session_id": "s1",
                "gen_ai.request.model": "g",
            },
            Meaning(unit="llm_call", model="g", session_id="s1"),
        ),
        (
            {"openinference.span.kind": "RETRIEVER", "session.id": "s1"},
            Meaning(unit="retrieval", session_id="s1"),
        ),
        (
            {"traceloop.span.kind": "tool", "traceloop.entity.name": "refund"},
            Meaning(unit="tool_call", tool="refund"),
        ),
    ],
)
def test_other_clients_are_read_too(attributes: dict[str, Any], expected: Meaning) -> None:
    assert conventions.read_meaning(make_span(attributes=attributes)) == expected


def test_version_7_of_the_ai_sdk_is_read_as_genai_with_its_own_session() -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "ai.settings.context.threadId": "thread-1",
    }

    meaning = conventions.read_meaning(make_span("chat gpt-4o-mini", "gen_ai", attributes))

    assert (meaning.unit, meaning.session_id) == ("llm_call", "thread-1")


def test_the_project_of_langsmith_is_not_a_session() -> None:
    attributes = {"langsmith.span.kind": "chain", "langsmith.trace.session_name": "support"}

    assert conventions.read_meaning(make_span("run", "langsmith", attributes)).session_id == ""


def test_plain_work_means_nothing_but_its_session_and_user() -> None:
    attributes = {"http.request.method": "GET", "session.id": "s1", "enduser.id": "u1"}

    span = make_span("GET /", attributes=attributes)

    assert conventions.read_meaning(span) == Meaning(session_id="s1", user_id="u1")
    assert conventions.capture_of(span) is None


@pytest.mark.parametrize("value", [None, "", [], {}, b"", float("nan"), "{", "[" * 5000, {"a": [1]}])
def test_values_of_any_type_are_survived(value: Any) -> None:
    names = ("metadata", "llm.invocation_parameters", "input.value", "llm.token_count.prompt", "session.id")
    attributes = {"openinference.span.kind": "LLM", **dict.fromkeys(names, value)}

    span = make_span(attributes=attributes)

    assert conventions.read_meaning(span).unit == "llm_call"
    assert conventions.capture_of(span) is not None
