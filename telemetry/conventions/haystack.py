"""
Haystack's own tracing: `haystack.*`, with contents as JSON where content tracing is on.

https://docs.haystack.deepset.ai/docs/tracing
https://github.com/deepset-ai/haystack/blob/main/haystack/components/agents/tool_calling.py
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import parsed
from telemetry.conventions.facts import AttributeNames, extract_facts
from telemetry.spans.attribute_lookup import Attributes, first_present, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("logfire",)
SCOPES = ()
TOOL, TYPE = "haystack.tool.name", "haystack.component.type"
INPUTS = (
    "haystack.component.input",
    "haystack.agent.step.tool.input",
    "haystack.agent.step.llm.input",
    "haystack.agent.input",
    "haystack.pipeline.input_data",
)
OUTPUTS = (
    "haystack.component.output",
    "haystack.agent.step.tool.output",
    "haystack.agent.step.llm.output",
    "haystack.agent.output",
    "haystack.pipeline.output_data",
)
MARKERS = frozenset({TOOL, TYPE, "haystack.agent.step", "haystack.agent.max_steps", *INPUTS, *OUTPUTS})
INPUT_TEXTS = ("haystack.agent.step.llm.input", "haystack.component.input")
ANSWER_TEXTS = ("haystack.agent.step.llm.output", "haystack.component.output")
FAILED_TOOL = {"haystack.tool.error": True}
# .../haystack/blob/main/haystack/components/generators/chat/openai.py ("This tool call will be skipped.")
LEAVES_OUT_CALLS = True
MODEL_CALLS = ("Generator", "Embedder")
NAMES = AttributeNames(
    tool=(TOOL,),
    model=("model",),
    input_tokens=("prompt_tokens", "input_tokens"),
    output_tokens=("completion_tokens", "output_tokens"),
    kind=(TYPE,),
    component=("haystack.component.name",),
)


def read(span: Span) -> Meaning:
    """The component's class says what it does; model and tokens stand in the first reply."""
    attributes = span.attributes
    unit = haystack_unit(span)
    about = reply_facts(attributes) if unit == "llm_call" else {}
    usage = about.get("usage")
    known = Meaning(
        unit,
        is_agent_run=span.name == "haystack.agent.run",
        model=first_text(about, NAMES.model),
        finish_reason=first_text(about, ("finish_reason",)),
    )
    return extract_facts(span, NAMES, known, usage=usage if isinstance(usage, dict) else {})


def haystack_unit(span: Span) -> str:
    """The unit by what the span names, then by the component's class."""
    if TOOL in span.attributes:
        return "tool_call"
    component = first_text(span.attributes, (TYPE,))
    if span.name == "haystack.agent.step.llm" or component.endswith(MODEL_CALLS):
        return "llm_call"
    return "retrieval" if component.endswith(("Retriever", "Ranker")) else "graph_node"


def reply_facts(attributes: Attributes) -> dict[str, Any]:
    """The `meta` of the first reply, or of the embedding; {} without."""
    output = parsed(first_present(attributes, OUTPUTS))
    replies = output.get("replies") if isinstance(output, dict) else None
    holder = replies[0] if isinstance(replies, list) and replies else output
    facts = holder.get("meta") if isinstance(holder, dict) else None
    return facts if isinstance(facts, dict) else {}


def input_of(span: Span) -> Any:
    """The input of the component, tool, agent or pipeline."""
    return first_present(span.attributes, INPUTS)


def output_of(span: Span) -> Any:
    """The output of the component, tool, agent or pipeline."""
    return first_present(span.attributes, OUTPUTS)
