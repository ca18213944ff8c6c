"""Agent frameworks and tools that trace themselves under names of their own: Google ADK, Pydantic AI, Haystack, ..."""

from __future__ import annotations

import json

from telemetry.spans.meaning import Meaning
from telemetry.spans.span import SpanEvent
from tests.telemetry.span_examples.clients import ORDER, ORDER_JSON, call, example, run, tool

TURN = [{"role": "assistant"}, {"role": "user"}]
USAGE = {"prompt_tokens": 7, "completion_tokens": 3}
REPLIES = {"replies": [{"meta": {"model": "gpt-4o", "finish_reason": "stop", "usage": USAGE}}]}

FRAMEWORKS = [
    example(
        "Google ADK",
        "call_llm",
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini",
            "gcp.vertex.agent.session_id": "s1",
            "gcp.vertex.agent.llm_request": '{"contents": []}',
            "gcp.vertex.agent.llm_response": '{"content": "ok"}',
            "gen_ai.usage.input_tokens": 5,
        },
        call("gemini", 5, session_id="s1"),
        {"contents": []},
        {"content": "ok"},
        scope="gcp.vertex.agent",
    ),
    example(
        "Google ADK, contents off",
        "execute_tool refund",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "refund",
            "gcp.vertex.agent.llm_request": "{}",
            "gcp.vertex.agent.tool_call_args": "{}",
            "gcp.vertex.agent.tool_response": '{"result": "done"}',
        },
        tool("refund"),
        None,
        "done",
    ),
    example(
        "Pydantic AI",
        "invoke_agent helper",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "helper",
            "model_name": "gpt-4o",
            "gen_ai.conversation.id": "c1",
            "gen_ai.aggregated_usage.input_tokens": 900,
            "metadata": '{"user_id": "u1"}',
            "pydantic_ai.all_messages": [{"role": "user"}, *TURN, {"role": "assistant"}],
            "pydantic_ai.new_message_index": 2,
            "gen_ai.system_instructions": "be kind",
            "final_result": "done",
        },
        run("helper", model="gpt-4o", session_id="c1", user_id="u1"),
        {"system_instructions": "be kind", "messages": [{"role": "user"}, *TURN]},
        "done",
        scope="pydantic-ai",
    ),
    example(
        "Pydantic AI 0.x",
        "agent run",
        {
            "agent_name": "helper",
            "model_name": "gpt-4o",
            "gen_ai.usage.input_tokens": 900,
            "all_messages_events": '[{"role": "user"}]',
        },
        run("helper", model="gpt-4o"),
        [{"role": "user"}],
        scope="pydantic-ai",
    ),
    example(
        "Pydantic AI 0.x, a model call",
        "chat m",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "events": '[{"event.name": "gen_ai.user.message"}, {"event.name": "gen_ai.choice"}]',
        },
        call("m"),
        [{"event.name": "gen_ai.user.message"}],
        [{"event.name": "gen_ai.choice"}],
        scope="pydantic-ai",
    ),
    example(
        "Spring AI",
        "tool_call refund",
        {
            "gen_ai.operation.name": "framework",
            "gen_ai.system": "spring_ai",
            "spring.ai.kind": "tool_call",
            "spring.ai.tool.definition.name": "refund",
            "spring.ai.tool.call.arguments": ORDER_JSON,
            "spring.ai.tool.call.result": "done",
        },
        tool("refund"),
        ORDER,
        "done",
    ),
    example(
        "Spring AI, a chat client",
        "spring_ai chat_client",
        {
            "gen_ai.operation.name": "framework",
            "spring.ai.kind": "chat_client",
            "spring.ai.chat.client.conversation.id": "c1",
        },
        Meaning(unit="graph_node", session_id="c1"),
    ),
    example(
        "Haystack",
        "haystack.component.run",
        {
            "haystack.component.type": "OpenAIChatGenerator",
            "haystack.component.input": '{"messages": []}',
            "haystack.component.output": json.dumps(REPLIES),
        },
        call("gpt-4o", 7, 3, finish_reason="stop"),
        {"messages": []},
        REPLIES,
    ),
    example(
        "Haystack, a tool",
        "haystack.agent.step.tool",
        {
            "haystack.tool.name": "refund",
            "haystack.agent.step.tool.input": ORDER_JSON,
            "haystack.agent.step.tool.output": '"done"',
        },
        tool("refund"),
        ORDER,
        "done",
    ),
    example(
        "Logfire, a tool of OpenAI Agents",
        "Function: {name}",
        {
            "logfire.msg_template": "Function: {name}",
            "logfire.msg": "Function: refund",
            "name": "refund",
            "input": ORDER_JSON,
            "output": "done",
            "gen_ai.system": "openai",
        },
        tool("refund"),
        ORDER,
        "done",
        scope="logfire.openai_agents",
    ),
    example(
        "Logfire, a model call of OpenAI Agents",
        "Chat completion with {gen_ai.request.model!r}",
        {
            "logfire.msg_template": "Chat completion with {gen_ai.request.model!r}",
            "input": '[{"role": "user"}]',
            "output": '[{"role": "assistant"}]',
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 3,
        },
        call("gpt-4o", 7, 3),
        [{"role": "user"}],
        [{"role": "assistant"}],
        scope="logfire.openai_agents",
    ),
    example(
        "Logfire, a run of OpenAI Agents",
        "Agent run: {name!r}",
        {"logfire.msg_template": "Agent run: {name!r}", "name": "helper", "gen_ai.system": "openai"},
        run("helper"),
        scope="logfire.openai_agents",
    ),
    example(
        "Logfire, a trace of OpenAI Agents, its session scrubbed",
        "OpenAI Agents trace: {name}",
        {"name": "support", "session.id": "[Scrubbed due to 'session']", "group_id": "c1"},
        Meaning("graph_node", session_id="c1"),
        scope="logfire.openai_agents",
    ),
    example(
        "Claude Code",
        "claude_code.llm_request",
        {
            "span.type": "llm_request",
            "session.id": "s1",
            "gen_ai.system": "anthropic",
            "gen_ai.request.model": "claude-opus-5",
            "model": "claude-opus-5",
            "input_tokens": 2,
            "output_tokens": 1200,
            "success": True,
            "stop_reason": "tool_use",
        },
        call("claude-opus-5", 2, 1200, finish_reason="tool_use", agent="claude-code", session_id="s1"),
        scope="com.anthropic.claude_code.tracing",
    ),
    example(
        "Claude Code, a tool",
        "claude_code.tool",
        {"span.type": "tool", "session.id": "s1", "tool_name": "Bash", "full_command": "ls"},
        tool("Bash", agent="claude-code", session_id="s1"),
        "ls",
        {"output": "a b", "bash_command": "ls"},
        scope="com.anthropic.claude_code.tracing",
        events=[SpanEvent("tool.output", 1, {"output": "a b", "bash_command": "ls"})],
    ),
]
