"""
OpenTelemetry's GenAI conventions, old and new; Pydantic AI, Strands and Google ADK write them too.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import metadata, parsed, tool_result
from telemetry.conventions.lookup import USER_NAMES, Attributes, count, finish_in, first, first_of_list
from telemetry.meaning import Meaning
from telemetry.span import Event, Span

OPERATION = "gen_ai.operation.name"
MARKERS = (OPERATION, "gen_ai.system", "gen_ai.provider.name", "gen_ai.tool.name", "gen_ai.agent.name")
UNITS = {
    "chat": "llm_call",
    "text_completion": "llm_call",
    "generate_content": "llm_call",
    "embeddings": "llm_call",
    "execute_tool": "tool_call",
    "retrieval": "retrieval",
    "invoke_agent": "graph_node",
    "create_agent": "graph_node",
    "invoke_workflow": "graph_node",
    "plan": "graph_node",
    "step": "graph_node",
    "execute_event_loop_cycle": "graph_node",
}
AGENT_RUNS = ("invoke_agent", "create_agent")
MODEL = ("gen_ai.request.model", "gen_ai.response.model")
INPUT_TOKENS = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens")
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
)
FINISH = "gen_ai.response.finish_reasons"
SESSION = ("gen_ai.conversation.id", "gcp.vertex.agent.session_id")
AGENT = ("gen_ai.agent.name", "agent_name", "gen_ai.workflow.name")
INPUTS = (
    "gen_ai.input.messages",
    "pydantic_ai.all_messages",
    "gcp.vertex.agent.llm_request",
    "gen_ai.prompt",
)
OUTPUTS = ("gen_ai.output.messages", "final_result", "gcp.vertex.agent.llm_response", "gen_ai.completion")
ARGUMENTS = (
    "gen_ai.tool.call.arguments",
    "tool_arguments",
    "gcp.vertex.agent.tool_call_args",
    "gen_ai.tool.input",
)
RESULTS = ("gen_ai.tool.call.result", "tool_response", "gcp.vertex.agent.tool_response", "gen_ai.tool.output")
ANSWER_EVENTS = ("gen_ai.choice", "gen_ai.content.completion")
NO_MODEL_CALL: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "finish_reason": ""}


def recognises(span: Span) -> bool:
    """By any of the names that say what the span is."""
    attributes = span.attributes
    return any(marker in attributes for marker in MARKERS)


def read(span: Span) -> Meaning:
    """Usage counts on model calls alone: agents and workflows repeat the sum."""
    attributes = span.attributes
    unit = unit_of(span)
    return Meaning(
        unit=unit,
        session_id=first(attributes, SESSION),
        user_id=first(metadata(attributes), USER_NAMES) if "metadata" in attributes else "",
        agent=first(attributes, AGENT),
        is_agent_run=attributes.get(OPERATION) in AGENT_RUNS,
        tool=first(attributes, ("gen_ai.tool.name",)) if unit == "tool_call" else "",
        model=first(attributes, MODEL),
        **(model_call(attributes) if unit == "llm_call" else NO_MODEL_CALL),
    )


def unit_of(span: Span) -> str:
    """By operation; clients that predate it have a model or a tool and no children of that kind."""
    attributes = span.attributes
    operation = attributes.get(OPERATION)
    if operation:
        return UNITS.get(str(operation), "")
    if "gen_ai.tool.name" in attributes:
        return "tool_call"
    return (
        "llm_call" if "gen_ai.request.model" in attributes and "gen_ai.agent.name" not in attributes else ""
    )


def model_call(attributes: Attributes) -> dict[str, Any]:
    """The facts that only a model call has."""
    return {
        "input_tokens": count(attributes, INPUT_TOKENS),
        "output_tokens": count(attributes, OUTPUT_TOKENS),
        "finish_reason": first_of_list(attributes.get(FINISH))
        or first(attributes, ("gen_ai.completion.0.finish_reason",))
        or finish_in(attributes.get("gen_ai.output.messages") or attributes.get("gen_ai.completion")),
    }


def messages(span: Span) -> tuple[Any, Any]:
    """From attributes, else from the events of older versions."""
    attributes = span.attributes
    if unit_of(span) == "tool_call" or "gen_ai.tool.name" in attributes:
        result = given(attributes, RESULTS)
        result = tool_message(span.events) if result is None else result
        return parsed(given(attributes, ARGUMENTS)), tool_result(result)
    inputs, outputs = parsed(given(attributes, INPUTS)), parsed(given(attributes, OUTPUTS))
    if inputs is None and outputs is None:
        return from_events(span.events)
    instructions = parsed(attributes.get("gen_ai.system_instructions"))
    return {"system_instructions": instructions, "messages": inputs} if instructions else inputs, outputs


def given(attributes: Attributes, names: tuple[str, ...]) -> Any:
    """The first value that is there, of whatever type."""
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def tool_message(events: list[Event]) -> Any:
    """Strands gives a tool's result in an event."""
    answers = [event.attributes for event in events if event.name in ANSWER_EVENTS]
    return given(answers[-1], ("message", "content")) if answers else None


def from_events(events: list[Event]) -> tuple[Any, Any]:
    """`gen_ai.user.message`, `gen_ai.choice`, and the one event that holds both."""
    inputs: list[Any] = []
    outputs: list[Any] = []
    for event in events:
        if not event.name.startswith("gen_ai.") or "evaluation" in event.name:
            continue
        if "gen_ai.input.messages" in event.attributes or "gen_ai.output.messages" in event.attributes:
            inputs.append(parsed(event.attributes.get("gen_ai.input.messages")))
            outputs.append(parsed(event.attributes.get("gen_ai.output.messages")))
        else:
            target = outputs if event.name in ANSWER_EVENTS else inputs
            target.append(
                {"event": event.name, **{name: parsed(item) for name, item in event.attributes.items()}}
            )
    return inputs or None, outputs or None
