"""What OpenInference and OpenLLMetry write, whatever framework they instrument."""

from __future__ import annotations

from telemetry.spans.meaning import Meaning
from tests.telemetry.span_examples.clients import DONE, ORDER, ORDER_JSON, call, example, run, tool

INSTRUMENTATIONS = [
    example(
        "CrewAI by OpenInference",
        "Researcher._execute_core",
        {
            "openinference.span.kind": "AGENT",
            "graph.node.id": "Senior Researcher",
            "input.value": "x",
            "output.value": "y",
        },
        run("Senior Researcher"),
        "x",
        "y",
    ),
    example(
        "Agno by OpenInference",
        "Helper.run",
        {"openinference.span.kind": "AGENT", "graph.node.id": "5f1c2a9be7734c0d", "agent.name": ""},
        run("Helper.run"),
    ),
    example(
        "OpenAI Agents by OpenInference",
        "refund",
        {
            "openinference.span.kind": "tool",
            "tool.name": "refund",
            "tool.parameters": '{"type": "object", "properties": {}}',
            "output.value": "done",
        },
        tool("refund"),
        None,
        "done",
    ),
    example(
        "LlamaIndex by OpenInference",
        "OpenAI.chat",
        {
            "openinference.span.kind": "LLM",
            "llm.request.model_name": "gpt-4o",
            "llm.model_name": "gpt-4o-2024-08-06",
            "llm.token_count.prompt": 7,
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "hi",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "refund",
        },
        call("gpt-4o", 7),
        [{"role": "user", "content": "hi"}],
        [{"tool_calls": [{"function": {"name": "refund"}}]}],
    ),
    example(
        "LlamaIndex, a tool",
        "FunctionTool.call",
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "refund",
            "tool.parameters": '{"properties": {"order_id": {"type": "string"}}, "type": "object"}',
            "input.value": ORDER_JSON,
            "output.value": '{"blocks": [], "tool_name": "refund", "raw_output": "done", "is_error": false}',
        },
        tool("refund"),
        ORDER,
        "done",
    ),
    example(
        "LlamaIndex, documents",
        "retrieve",
        {
            "openinference.span.kind": "RERANKER",
            "reranker.query": "returns",
            "reranker.output_documents.0.document.id": "d1",
            "reranker.output_documents.0.document.score": 0.5,
        },
        Meaning(unit="retrieval"),
        "returns",
        [{"id": "d1", "score": 0.5}],
    ),
    example(
        "CrewAI by OpenLLMetry",
        "Research the parcels.task",
        {
            "traceloop.span.kind": "task",
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "crewai",
            "traceloop.entity.output": "done",
        },
        Meaning(unit="graph_node"),
        None,
        "done",
    ),
    example(
        "OpenAI Agents by OpenLLMetry",
        "helper.agent",
        {
            "traceloop.span.kind": "agent",
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "helper",
            "traceloop.association.properties.thread_id": "t1",
        },
        run("helper", session_id="t1"),
    ),
    example(
        "MCP by OpenLLMetry",
        "refund.tool",
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "refund",
            "traceloop.entity.input": ORDER_JSON,
            "traceloop.entity.output": DONE,
        },
        tool("refund"),
        ORDER,
        "done",
    ),
]
