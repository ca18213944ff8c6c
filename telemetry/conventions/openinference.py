"""
OpenInference (Arize Phoenix): OpenAI, LangChain and LangGraph, LlamaIndex, CrewAI, OpenAI Agents and others.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import metadata, numbered_objects, parsed
from telemetry.conventions.facts import AttributeNames, extract_facts
from telemetry.spans.attribute_lookup import Attributes, first_present, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("traceloop",)
SCOPES = ("openinference.instrumentation*", "@arizeai/openinference-*")
KIND = "openinference.span.kind"
MARKERS = frozenset({KIND})
UNITS = {
    "LLM": "llm_call",
    "EMBEDDING": "llm_call",
    "DECISION": "llm_call",
    "TOOL": "tool_call",
    "RETRIEVER": "retrieval",
    "RERANKER": "retrieval",
    "CHAIN": "graph_node",
    "AGENT": "graph_node",
    "GUARDRAIL": "graph_node",
}
NAMES = AttributeNames(
    tool=("tool.name", "tool_call.function.name"),
    input_tokens=("llm.token_count.prompt", "decision.token_count.input"),
    output_tokens=("llm.token_count.completion", "decision.token_count.output"),
    kind=(KIND,),
    finish=("llm.finish_reason",),
    answers=("output.value",),  # of older versions
)
MODEL = (
    "llm.request.model_name",
    "llm.model_name",
    "llm.response.model_name",
    "embedding.model_name",
    "decision.model_name",
)
TOOLS_OFFERED = ("llm.tools.",)
TOOL_CALLS = ("llm.output_messages.",)
FIRST_CALLS = ("llm.output_messages.0.message.tool_calls.0.tool_call.function.name",)
UNREADABLE_CALLS = ("output.value",)  # the only place where LangChain records them
PARAMETERS = ("llm.invocation_parameters", "embedding.invocation_parameters")
REQUESTED = ("model", "model_name", "model_id")
METHODS = frozenset({"__call__", "run", "arun", "call", "acall", "invoke", "ainvoke", "forward"})
NODE = ("graph.node.name", "graph.node.id")  # CrewAI puts the role into the id
# What the numbered attributes of each kind hold: what went in, what came out.
MESSAGES = {
    "LLM": (("llm.input_messages.", "llm.prompts."), ("llm.output_messages.", "llm.choices.")),
    "EMBEDDING": (("embedding.embeddings.",), ()),
    "RETRIEVER": ((), ("retrieval.documents.",)),
    "RERANKER": (("reranker.input_documents.",), ("reranker.output_documents.",)),
}
NO_MESSAGES: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def read(span: Span) -> Meaning:
    """LangGraph puts the user and the agent's name into the JSON `metadata` alone."""
    attributes = span.attributes
    kind = kind_of(attributes)
    unit = UNITS.get(kind, "")
    about = metadata(attributes) if "metadata" in attributes else {}
    known = Meaning(
        unit,
        agent=agent_of(span, kind, about),
        is_agent_run=kind == "AGENT",
        tool=(first_text(attributes, NAMES.tool) or without_method(span.name)) if unit == "tool_call" else "",
        model=model_of(attributes) if unit == "llm_call" else "",
    )
    return extract_facts(span, NAMES, known, about=about)


def kind_of(attributes: Attributes) -> str:
    """The kind in capitals, as the specification writes it."""
    return first_text(attributes, (KIND,)).upper()


def agent_of(span: Span, kind: str, about: Attributes) -> str:
    """The agent that this span belongs to."""
    agent = first_text(span.attributes, ("agent.name",)) or first_text(about, ("lc_agent_name", "agent_name"))
    if agent or kind != "AGENT":
        return agent
    node = first_text(span.attributes, NODE)
    return without_method(span.name) if not node or is_random(node) else node


def without_method(name: str) -> str:
    """The object in the name of a method that was called: DSPy's `lookup.__call__`, smolagents' `support_agent.run`."""
    owner, _, method = name.rpartition(".")
    return owner if owner and method in METHODS else name


def is_random(text: str) -> bool:
    """Whether a machine made the text, as it did the node ids of some clients."""
    return len(text) >= 16 and all(letter in "0123456789abcdefABCDEF-_" for letter in text)


def model_of(attributes: Attributes) -> str:
    """The model that was asked for: the same name whether the call failed or not."""
    parameters = parsed(first_present(attributes, PARAMETERS))
    requested = first_text(parameters, REQUESTED) if isinstance(parameters, dict) else ""
    return requested or first_text(attributes, MODEL)


def input_of(span: Span) -> Any:
    """The numbered messages of a model call, the arguments of a tool; else the input as recorded."""
    attributes = span.attributes
    prefixes, _ = MESSAGES.get(kind_of(attributes), NO_MESSAGES)
    recorded = numbered_list(attributes, prefixes) or first_present(attributes, ("input.value",))
    if recorded is not None:
        return recorded
    query = first_present(attributes, ("reranker.query",))
    return arguments(attributes.get("tool.parameters")) if query is None else query


def arguments(value: Any) -> Any:
    """The specification lets `tool.parameters` be the schema of the arguments, which is not what was called."""
    parameters = parsed(value)
    is_schema = (
        isinstance(parameters, dict) and parameters.get("type") == "object" and "properties" in parameters
    )
    return None if is_schema else parameters


def output_of(span: Span) -> Any:
    """The numbered messages or documents; else the output as recorded."""
    attributes = span.attributes
    _, prefixes = MESSAGES.get(kind_of(attributes), NO_MESSAGES)
    return numbered_list(attributes, prefixes) or attributes.get("output.value")


def numbered_list(attributes: Attributes, prefixes: tuple[str, ...]) -> list[Any] | None:
    """The list under the first prefix that has one."""
    return next((items for prefix in prefixes if (items := numbered_objects(attributes, prefix))), None)
