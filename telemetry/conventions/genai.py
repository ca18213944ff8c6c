"""
OpenTelemetry's GenAI conventions, old and new, and the names that clients of them add.

Strands, Semantic Kernel, the Microsoft Agent Framework, LiteLLM, Anthropic's SDK and most instrumentations write them.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from telemetry.conventions import message_events
from telemetry.conventions.content import numbered_objects, parsed
from telemetry.conventions.facts import AGENT, SESSION, USER, AttributeNames, extract_facts
from telemetry.spans.attribute_lookup import Attributes, first_present
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ()  # the last: the others write these names too
SCOPES = ()
OPERATION = "gen_ai.operation.name"
MARKERS = frozenset(
    {
        OPERATION,
        "gen_ai.system",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.tool.name",
        "gen_ai.agent.name",
    }
)
UNITS = {
    "chat": "llm_call",
    "text_completion": "llm_call",
    "text_completions": "llm_call",  # Semantic Kernel
    "generate_content": "llm_call",
    "fetch_response": "llm_call",
    "embeddings": "llm_call",
    "embedding": "llm_call",  # Spring AI
    "execute_tool": "tool_call",
    "retrieval": "retrieval",
    "search_memory": "retrieval",
    "rerank": "retrieval",
    "invoke_agent": "graph_node",
    "create_agent": "graph_node",
    "invoke_workflow": "graph_node",
    "plan": "graph_node",
    "step": "graph_node",
    "agent_step": "graph_node",
    "handoff": "graph_node",
    "execute_event_loop_cycle": "graph_node",  # Strands
    # AG2: https://github.com/ag2ai/ag2/tree/main/autogen/opentelemetry
    "conversation": "graph_node",
    "initiate_chats": "graph_node",
    "speaker_selection": "graph_node",
    # Google ADK: https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/node_tracing.py
    "invoke_node": "graph_node",
    # Gemini CLI: .../gemini-cli/blob/main/packages/core/src/telemetry/constants.ts (GeminiCliOperation)
    "llm_call": "llm_call",
    "tool_call": "tool_call",
    "agent_call": "graph_node",
    "user_prompt": "graph_node",
    "system_prompt": "graph_node",
    "schedule_tool_calls": "graph_node",
}
TOOLS_OFFERED = ("gen_ai.tool.definitions", "gen_ai.request.tools")
TOOL_CALLS = ("gen_ai.completion.",)
FIRST_CALLS = ("gen_ai.completion.0.tool_calls.0.name", "gen_ai.completion.0.function_call.name")
INPUT_TEXTS = ("gen_ai.input.messages", "gen_ai.prompt")
ANSWER_TEXTS = ("gen_ai.output.messages", "gen_ai.completion")
FAILED_TOOL = {
    "gen_ai.tool.status": "error",  # Strands
    "tool.status": "error",
    "gen_ai.tool.success": False,  # Mastra
}
AGENT_RUNS = frozenset({"invoke_agent", "create_agent", "agent_call"})
NAMES = AttributeNames(
    session=("gen_ai.conversation.id", "gen_ai.thread.id", *SESSION),
    user=(*USER, "gen_ai.user", "llm.user"),
    agent=(*AGENT, "agent_name", "gen_ai.workflow.name"),
    model=("gen_ai.request.model", "gen_ai.response.model"),
    input_tokens=(
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.usage.prompt_tokens",
        "input_tokens",  # LangChain4j: .../langchain4j-observation/.../convention/ChatModelDocumentation.java
    ),
    output_tokens=(
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.usage.completion_tokens",
        "output_tokens",
    ),
    finish=(
        "gen_ai.response.finish_reasons",
        "gen_ai.response.finish_reason",
        "gen_ai.response.stop_reason",
        "gen_ai.completion.0.finish_reason",
        "llm.response.finish_reason",
        "llm.response.stop_reason",
    ),
    answers=("gen_ai.output.messages", "gen_ai.completion"),
)
INPUTS = (
    "gen_ai.input.messages",
    "gen_ai.prompt",
    "gen_ai.retrieval.query.text",
    "gen_ai.memory.query.text",
    "request_data",  # Logfire
    "input.value",
)
OUTPUTS = (
    "gen_ai.output.messages",
    "gen_ai.completion",
    "gen_ai.retrieval.documents",
    "gen_ai.memory.records",
    "response_data",
    "output.value",
)
ARGUMENTS = ("gen_ai.tool.call.arguments", "gen_ai.tool.input", "tool_arguments", "input.value")
RESULTS = ("gen_ai.tool.call.result", "gen_ai.tool.output", "tool_response", "output.value")


def read(span: Span) -> Meaning:
    """Usage counts on model calls alone: agents and workflows repeat the sum. Its own reason to stop counts first."""
    attributes = span.attributes
    operation = operation_of(attributes)
    unit = UNITS.get(operation) or unit_by_names(attributes)
    meaning = extract_facts(span, NAMES, known_work(unit, operation in AGENT_RUNS))
    if not span.events or unit != "llm_call" or meaning.finish_reason:
        return meaning
    return replace(meaning, finish_reason=message_events.finish_reason(span.events))


@cache  # of a few units: making one for every span would take ten times as long
def known_work(unit: str, is_agent_run: bool) -> Meaning:
    """The meaning of a span of which no more is known."""
    return Meaning(unit, is_agent_run=is_agent_run)


def operation_of(attributes: Attributes) -> str:
    """The span's `gen_ai.operation.name`; "" where it has none."""
    operation = attributes.get(OPERATION)
    return operation if isinstance(operation, str) else ""


def is_agent_run(attributes: Attributes) -> bool:
    """Whether the span is an agent's whole run."""
    return operation_of(attributes) in AGENT_RUNS


def genai_unit(attributes: Attributes) -> str:
    """The unit by the operation; of clients without one, or with words of their own, by the model or tool."""
    operation = attributes.get(OPERATION)
    unit = UNITS.get(operation) if isinstance(operation, str) else None
    return unit or unit_by_names(attributes)


def unit_by_names(attributes: Attributes) -> str:
    """The unit of a span whose operation says nothing."""
    if "gen_ai.tool.name" in attributes:
        return "tool_call"
    is_call = "gen_ai.request.model" in attributes and "gen_ai.agent.name" not in attributes
    return "llm_call" if is_call else ""


def input_of(span: Span) -> Any:
    """The input from attributes, else from the events or the numbered attributes of older versions."""
    attributes = span.attributes
    if is_tool(attributes):
        arguments = first_present(attributes, ARGUMENTS)
        return message_events.given_to_tool(span) if arguments is None else arguments
    inputs = parsed(first_present(attributes, INPUTS))
    if inputs is None:
        inputs = message_events.messages_in_events(span.events, "gen_ai.input.messages", answers=False)
    return with_instructions(attributes, inputs or numbered_objects(attributes, "gen_ai.prompt."))


def with_instructions(attributes: Attributes, inputs: Any) -> Any:
    """The input with the agent's system instructions; without an input, nothing can be replayed."""
    instructions = parsed(attributes.get("gen_ai.system_instructions"))
    return {"system_instructions": instructions, "messages": inputs} if instructions and inputs else inputs


def output_of(span: Span) -> Any:
    """The output from attributes, else from the events or the numbered attributes of older versions."""
    if is_tool(span.attributes):
        result = first_present(span.attributes, RESULTS)
        return message_events.result_of_tool(span) if result is None else result
    outputs = first_present(span.attributes, OUTPUTS)
    if outputs is not None:
        return outputs
    if span.events:
        messages = message_events.messages_in_events(span.events, "gen_ai.output.messages", answers=True)
        if messages:
            return messages
    return numbered_objects(span.attributes, "gen_ai.completion.")


def is_tool(attributes: Attributes) -> bool:
    """Whether the span is a tool's call. Some clients name the called tool on the span of the model's answer, too."""
    return genai_unit(attributes) == "tool_call"
