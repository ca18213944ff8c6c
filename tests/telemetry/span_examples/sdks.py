"""SDKs that trace what other code does, under names of their own: Langfuse, MLflow, the Vercel AI SDK, MCP."""

from __future__ import annotations

from telemetry.spans.meaning import Meaning
from tests.telemetry.span_examples.clients import DONE, ORDER, ORDER_JSON, call, example, run, tool

LANGFUSE = "langfuse-sdk"

SDKS = [
    example(
        "Langfuse",
        "answer",
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.usage_details": '{"input": 7, "output": 3, "total": 10}',
            "langfuse.observation.input": '[{"role": "user", "content": "hi"}]',
            "langfuse.observation.output": '{"finish_reason": "stop", "content": "hello"}',
            "session.id": "s1",
            "user.id": "u1",
        },
        call("gpt-4o", 7, 3, finish_reason="stop", session_id="s1", user_id="u1"),
        [{"role": "user", "content": "hi"}],
        {"finish_reason": "stop", "content": "hello"},
        scope=LANGFUSE,
    ),
    example(
        "Langfuse, a failed tool",
        "refund",
        {
            "langfuse.observation.type": "tool",
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "LimitExceeded: 40 EUR",
            "langfuse.observation.input": ORDER_JSON,
        },
        tool("refund", error="LimitExceeded: 40 EUR"),
        ORDER,
        scope=LANGFUSE,
    ),
    example(
        "Langfuse, an agent",
        "helper",
        {"langfuse.observation.type": "agent", "langfuse.trace.metadata.session_id": "s1"},
        run("helper", session_id="s1"),
        scope=LANGFUSE,
    ),
    example(
        "LiteLLM for Langfuse",
        "litellm_request",
        {
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 7,
            "langfuse.observation.input": "hi",
            "langfuse.user.id": "u1",
        },
        call("m", 7, user_id="u1"),
        "hi",
        scope="litellm",
    ),
    example(
        "MLflow",
        "chat",
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": '"gpt-4o"',
            "mlflow.chat.tokenUsage": '{"input_tokens": 7, "output_tokens": 3}',
            "mlflow.spanInputs": '{"messages": []}',
            "mlflow.spanOutputs": '{"choices": [{"finish_reason": "length"}]}',
            "session.id": '"s1"',
            "mlflow.trace.user": "u1",
        },
        call("gpt-4o", 7, 3, finish_reason="length", session_id="s1", user_id="u1"),
        {"messages": []},
        {"choices": [{"finish_reason": "length"}]},
    ),
    example(
        "Vercel AI SDK 4",
        "ai.streamText.doStream",
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.model.id": "gpt-4o",
            "ai.usage.promptTokens": 7,
            "ai.usage.completionTokens": 3,
            "ai.finishReason": "tool-calls",
            "ai.prompt.messages": "[]",
            "ai.result.text": "hello",
            "ai.telemetry.metadata.threadId": "t1",
        },
        call("gpt-4o", 7, 3, finish_reason="tool-calls", session_id="t1"),
        [],
        "hello",
        scope="ai",
    ),
    example(
        "Vercel AI SDK 7",
        "invoke_agent helper",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "helper",
            "gen_ai.usage.input_tokens": 900,
            "ai.settings.context.userId": "u1",
        },
        run("helper", user_id="u1"),
        scope="gen_ai",
    ),
    example(
        "Vercel AI SDK 7, a step",
        "step 1",
        {"gen_ai.operation.name": "agent_step", "gen_ai.request.model": "m"},
        Meaning(unit="graph_node", model="m"),
        scope="gen_ai",
    ),
    example(
        "MCP",
        "tools/call refund",
        {
            "mcp.method.name": "tools/call",
            "mcp.session.id": "m1",
            "gen_ai.tool.call.arguments": ORDER_JSON,
            "gen_ai.tool.call.result": DONE,
        },
        tool("refund", session_id="m1"),
        ORDER,
        "done",
    ),
]
