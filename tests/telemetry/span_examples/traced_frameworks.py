"""
Runs of agent frameworks as their sources record them, each with one failure in it, and the same without it.

The names of spans and attributes are those of the sources that each function names, as they were in 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from telemetry.spans.span import Span, SpanEvent
from tests.telemetry.span_builders import ERROR, OK, UNSET, exception, make_span

TEXT = "refund of 80 EUR exceeds the agent limit"
Run = Callable[[str], list[Span]]  # of the text of its failure, "" for none
Part = tuple[str, dict[str, Any]]  # a span's name and its other facts


def run(scope: str, *parts: Part) -> list[Span]:
    """Spans of one trace, each inside the one before it."""
    ids = [bytes([number]) * 8 for number in range(1, len(parts) + 1)]
    return [
        make_span(
            name,
            scope,
            facts.get("attributes"),
            span_id=span_id,
            parent_span_id=parent_id,
            start_time_unix_nano=number,
            **{key: value for key, value in facts.items() if key != "attributes"},
        )
        for number, ((name, facts), span_id, parent_id) in enumerate(
            zip(parts, ids, [b"", *ids], strict=False), 1
        )
    ]


def part(name: str, attributes: dict[str, Any], text: str = "", raises: str = "", **facts: Any) -> Part:
    """A span, which failed with this class and text if there is one: a status, and an event where it has a class."""
    if not text:
        return name, {"attributes": attributes, **facts}
    events = [exception(text, raises)] if raises else []
    return name, {
        "attributes": attributes,
        "status_code": ERROR,
        "status_message": text,
        "events": events,
        **facts,
    }


def genai(operation: str, **others: Any) -> dict[str, Any]:
    """Attributes of OTel GenAI: the operation, and others without `gen_ai.`."""
    named = {f"gen_ai.{name.replace('__', '.')}": value for name, value in others.items()}
    return {"gen_ai.operation.name": operation, **named}


def semantic_kernel_python(text: str) -> list[Span]:
    """.../semantic-kernel/python/semantic_kernel/utils/telemetry/{agent,model}_diagnostics/decorators.py"""
    agent = genai("invoke_agent", agent__name="shop", tool__definitions='[{"function": {"name": "refund"}}]')
    chat = genai("chat", system="openai", request__model="gpt-4o")
    shown = f"ServiceResponseException('{text}')" if text else ""
    error = {"error.type": "<class 'semantic_kernel.exceptions.ServiceResponseException'>"} if text else {}
    kind = "semantic_kernel.exceptions.ServiceResponseException"
    return run(
        "semantic_kernel",
        part("invoke_agent shop", agent | error, shown, status_message=shown, events=raised(text, kind)),
        part("chat gpt-4o", chat | error, shown, status_message=shown, events=raised(text, kind)),
    )


def raised(text: str, kind: str) -> list[SpanEvent]:
    """The exception event of a failure."""
    return [exception(text, kind)] if text else []


def semantic_kernel_dotnet(text: str) -> list[Span]:
    """.../semantic-kernel/dotnet/src/InternalUtilities/src/Diagnostics/{ModelDiagnostics,ActivityExtensions}.cs"""
    agent = genai("invoke_agent", agent__name="shop", agent__id="a1")
    tool = genai("execute_tool", tool__name="refund", tool__description="Refund an order.")
    error = {"error.type": "Shop.LimitException"} if text else {}
    return run(
        "Microsoft.SemanticKernel",
        part("invoke_agent shop", agent | error, text),
        part("execute_tool refund", tool | error, text),
    )


def langchain4j(text: str) -> list[Span]:
    """.../langchain4j/langchain4j-observation/.../DefaultChatModelConvention.java, through Micrometer's bridge"""
    chat = genai("chat", provider__name="OPEN_AI", request__model="unknown", response__model="gpt-4o")
    chat |= {
        "outcome": "ERROR" if text else "SUCCESS",
        **({} if text else {"input_tokens": "40", "output_tokens": "12"}),
    }
    return run(
        "org.springframework.boot",
        part("chat unknown", chat, text, "dev.langchain4j.exception.RateLimitException"),
    )


def spring_ai(text: str) -> list[Span]:
    """.../spring-ai/*/src/main/java/org/springframework/ai/**/observation/*Convention.java"""
    client = genai("framework", system="spring_ai") | {"spring.ai.kind": "chat_client"}
    advisor = genai("framework", system="spring_ai") | {"spring.ai.kind": "advisor"}
    chat = genai("chat", system="openai", request__model="gpt-4o", response__model="none")
    kind = "org.springframework.ai.retry.NonTransientAiException"
    return run(
        "org.springframework.boot",
        part("spring_ai chat_client", client, text, kind),
        part("call", advisor, text, kind),
        part("chat gpt-4o", chat, text, kind),
    )


def spring_ai_tool(text: str) -> list[Span]:
    """.../spring-ai/spring-ai-model/.../DefaultToolCallingObservationConvention.java"""
    tool = genai("execute_tool", system="spring_ai") | {
        "spring.ai.kind": "tool_call",
        "spring.ai.tool.definition.name": "refund",
    }
    return run("org.springframework.boot", part("execute_tool refund", tool, text, "shop.LimitException"))


def bedrock_botocore(text: str) -> list[Span]:
    """.../opentelemetry-python-contrib/.../botocore/extensions/bedrock.py"""
    model = "us.anthropic.claude-sonnet-4-v1:0"
    attributes = genai("chat", system="aws.bedrock", request__model=model)
    attributes |= {"rpc.system": "aws-api", "rpc.service": "BedrockRuntime", "rpc.method": "Converse"}
    answered = {"gen_ai.usage.input_tokens": 5, "gen_ai.response.finish_reasons": ["end_turn"]}
    kind = "botocore.errorfactory.ThrottlingException"
    return run(
        "opentelemetry.instrumentation.botocore.bedrock-runtime",
        part(f"chat {model}", attributes | ({} if text else answered), text, kind, kind=3),
    )


def bedrock_guardrail(text: str) -> list[Span]:
    """.../openllmetry/packages/opentelemetry-instrumentation-bedrock/.../span_utils.py: only the finish reason tells"""
    reason = "content_filter" if text else "stop"
    answer = f'[{{"role": "assistant", "parts": [{{"type": "text", "content": "ok"}}], "finish_reason": "{reason}"}}]'
    attributes = genai("chat", provider__name="aws.bedrock", request__model="m", output__messages=answer)
    return run(
        "opentelemetry.instrumentation.bedrock",
        part("chat m", {**attributes, "gen_ai.response.finish_reasons": [reason]}),
    )


def openai_agents_openinference(text: str) -> list[Span]:
    """.../openinference-instrumentation-openai-agents/.../_processor.py (`_get_span_status`)"""
    data = f"Error running tool (non-fatal): {{'tool_name': 'refund', 'error': '{text}'}}" if text else ""
    tool = {"openinference.span.kind": "TOOL", "tool.name": "refund", "input.value": "{}"}
    agent = {"openinference.span.kind": "AGENT"}
    return run(
        "openinference.instrumentation.openai_agents",
        part("Agent workflow", agent, status_code=OK),
        part("shop", {**agent, "agent.name": "shop", "graph.node.id": "shop"}, status_code=OK),
        part("refund", tool, data),
    )


def openai_agents_openllmetry(text: str) -> list[Span]:
    """.../opentelemetry-instrumentation-openai-agents/.../_hooks.py (`str(span.error)`)"""
    error = {
        "message": "Error running tool (non-fatal)",
        "data": {"tool_name": "refund", "error": text},
    }
    tool = genai("execute_tool", tool__name="refund", provider__name="openai")
    agent = genai("invoke_agent", agent__name="shop", provider__name="openai")
    return run(
        "opentelemetry.instrumentation.openai_agents",
        part("Agent Workflow", {"traceloop.span.kind": "workflow"}, status_code=OK),
        part("shop.agent", {**agent, "traceloop.span.kind": "agent"}, status_code=OK),
        part("refund.tool", {**tool, "traceloop.span.kind": "tool"}, str(error) if text else ""),
    )


def google_adk(text: str) -> list[Span]:
    """.../adk-python/src/google/adk/telemetry/{node_tracing,tracing}.py"""
    tool = genai("execute_tool", tool__name="refund", tool__type="FunctionTool")
    names = {"gen_ai.conversation.id": "c1"}
    kind = "shop.LimitExceeded"
    return run(
        "gcp.vertex.agent",
        part("invoke_workflow shop", genai("invoke_workflow", workflow__name="shop") | names, text, kind),
        part("invoke_node plan", genai("invoke_node") | names, text, kind),
        part("invoke_agent shop", genai("invoke_agent", agent__name="shop") | names, text, kind),
        part("execute_tool refund", tool | ({"error.type": "LimitExceeded"} if text else {}), text, kind),
    )


def pydantic_ai(text: str) -> list[Span]:
    """.../pydantic_ai_slim/pydantic_ai/capabilities/instrumentation.py (`on_tool_validate_error`)"""
    tool = genai("execute_tool", tool__name="refund", agent__name="shop", conversation__id="c1")
    events = [SpanEvent("exception", 1, {"exception.type": "pydantic_core.ValidationError"})]
    stage = {"pydantic_ai.tool.failure_stage": "validation"}
    failed = {"status_code": ERROR, "events": events} if text else {}
    return run(
        "pydantic-ai",
        part("invoke_agent shop", genai("invoke_agent", agent__name="shop", conversation__id="c1")),
        part("execute_tool refund", {**tool, **(stage if text else {})}, **failed),
    )


def agent_framework(text: str) -> list[Span]:
    """.../agent-framework/python/packages/core/agent_framework/observability.py (`capture_exception`)"""
    kind = "ServiceResponseException"
    shown = f"{kind}('{text}')"
    error = {"error.type": kind} if text else {}
    chat = genai("chat", provider__name="openai", request__model="unknown", response__model="gpt-4o")
    agent = genai("invoke_agent", agent__name="shop", tool__definitions='[{"name": "refund"}]')
    facts = {"status_message": shown, "events": raised(text, f"agent_framework.{kind}")} if text else {}
    return run(
        "agent_framework",
        part("invoke_agent shop", agent | error, text, **facts),
        part("chat unknown", chat | error, text, **facts),
    )


def strands(text: str) -> list[Span]:
    """.../strands-agents/sdk-python/src/strands/telemetry/tracer.py (`_end_span`)"""
    kind = "strands.types.exceptions.ModelThrottledException"
    names = {"gen_ai.system": "strands-agents"}
    good = {} if text else {"status_code": OK}
    return run(
        "strands.telemetry.tracer",
        part("invoke_agent shop", genai("invoke_agent", agent__name="shop") | names, text, kind, **good),
        part("execute_event_loop_cycle", genai("execute_event_loop_cycle") | names, text, kind, **good),
        part("chat", genai("chat", request__model="m") | names, text, kind, **good),
    )


def vercel_ai_sdk(text: str) -> list[Span]:
    """.../vercel/ai/packages/otel/src/{open-telemetry,record-span}.ts: what was thrown may be no Error"""
    tool = genai("execute_tool", tool__name="refund", tool__type="function")
    agent = genai("invoke_agent", agent__name="shop", request__model="m", provider__name="openai")
    return run(
        "gen_ai",
        part("invoke_agent shop", agent),
        part("step 1", genai("agent_step")),
        part("execute_tool refund", tool, status_code=ERROR if text else UNSET),
    )


def mastra_beta(text: str) -> list[Span]:
    """.../mastra/observability/otel-exporter/src/span-converter.ts, before version 1"""
    error = {"error": True, "error.type": "TOOL_EXECUTION_FAILED", "error.message": text}
    tool = {"gen_ai.operation.name": "tool.execute", "mastra.span.type": "tool_call"}
    tool |= {"gen_ai.tool.name": "refund", **(error if text else {})}
    agent = {"gen_ai.operation.name": "agent.run", "mastra.span.type": "agent_run", "agent.id": "shop"}
    return run("@mastra/otel", part("agent.shop", agent), part("tool.execute refund", tool))


RUNS: tuple[Run, ...] = (
    semantic_kernel_python, semantic_kernel_dotnet, langchain4j, spring_ai, spring_ai_tool, bedrock_botocore,
    bedrock_guardrail, openai_agents_openinference, openai_agents_openllmetry, google_adk, pydantic_ai,
    agent_framework, strands, vercel_ai_sdk, mastra_beta,
)  # fmt: skip


def all_spans(text: str) -> Iterable[Span]:
    """The spans of all runs."""
    return (span for each in RUNS for span in each(text))
