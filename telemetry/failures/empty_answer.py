"""
Model calls that ended by themselves with an answer that holds nothing, while the client records what was asked.

Anthropic describes such answers: two or three tokens and no content, with the reason `end_turn`
(https://docs.anthropic.com/en/api/handling-stop-reasons#empty-responses-with-end-turn). No failure is an answer that is
not recorded, one that calls a tool, is an image or a sound, or is reasoned about and told elsewhere, a stream that was
cut off before its end, and a call whose answer is no text, such as an embedding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from telemetry import conventions
from telemetry.failures.blank_answers import holds_nothing
from telemetry.failures.finish_reasons import letters_of
from telemetry.failures.stop_reasons import refused
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

SIGNAL = "empty_answer"
MESSAGE = "the model answered nothing"
FEW = 32  # tokens of an answer without a text; more are reasoning that is not recorded
# Reasons of models that ended by themselves, as most clients write them, and by their letters.
ENDED_WRITTEN = frozenset({"", "stop", "STOP", "end_turn", "completed"})
ENDED_LETTERS = frozenset(
    {
        "",
        "stop",
        "endturn",
        "completed",
        "complete",
        "stopsequence",
        "eostoken",
        "eos",
        "eosfound",
        "finish",
        "finished",
    }
    | {"reasonstop", "other", "unknown", "unspecified"}
)
# Attributes of answers that clients write also where there is nothing in them.
WRITTEN_EMPTY = ("gen_ai.output.messages", "gen_ai.completion", "output.value", "ai.response.text")
# Work whose result is no text of an answer.
NO_TEXT = (
    "embed",
    "moderat",
    "rerank",
    "image",
    "speech",
    "audio",
    "transcri",
    "video",
    "token_count",
    "count_tokens",
)
STREAMED = ("stream", "streaming", "is_streaming")  # ends of names of attributes
# Where an answer stands first, by itself or as JSON with its texts: most are seen to hold something at a glance.
FIRST_TEXTS = frozenset(
    {
        "gen_ai.output.messages", "gen_ai.completion", "gen_ai.completion.0.content", "output.value",
        "ai.response.text",
        "llm.output_messages.0.message.content", "mlflow.spanOutputs", "langfuse.observation.output", "output",
        "traceloop.entity.output", "haystack.agent.step.llm.output", "all_messages_events",
        "llm.output_messages.0.message.contents.0.message_content.text", "llm.output_messages.0.message.role",
        "gen_ai.completion.0.role", "response_data", "response",
    }
)  # fmt: skip
TEXT = re.compile(r'"(?:content|text|arguments)": ?"[^"\s\\]')
TEXT_PART = re.compile(
    r'"type": ?"(?:output_)?text"'
)  # of a client that records texts, also one that is empty
LONGEST_GLANCE = 4_000  # characters
SAID_OF_WORK = ("gen_ai.operation.name", "gen_ai.request.model", "ai.operationId", "llm.request.type")
EMPTY: tuple[Any, ...] = ("", [])
# As in OpenAI's messages, whose refusals have no reason of their own.
REFUSAL_TEXT = re.compile(r"""['"]refusal['"]\s*:\s*['"][^'"\s]""")


def answered_nothing(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of a model that ended by itself without an answer; None for other ends."""
    tokens = meaning.output_tokens
    if (tokens is not None and tokens > FEW) or meaning.is_embedding:
        return None
    reason = meaning.finish_reason
    if reason not in ENDED_WRITTEN and letters_of(reason) not in ENDED_LETTERS:
        return None
    present = FIRST_TEXTS.intersection(span.attributes)
    if shows_text(span, present) if present else not span.events:
        return None
    answer = recorded_answer(span)
    if answer is None or not holds_nothing(answer):
        return None
    if is_of_no_text(span) or may_be_cut_off(span, meaning) or not records_contents(span, answer):
        return None
    is_refusal = REFUSAL_TEXT.search(answer if isinstance(answer, str) else str(answer))
    return refused("refusal") if is_refusal else Failure(SIGNAL, "medium", "", MESSAGE)


def has_answer(span: Span) -> bool:
    """Whether the span has an attribute in which an answer stands first."""
    return not FIRST_TEXTS.isdisjoint(span.attributes)


def recorded_answer(span: Span) -> Any:
    """Return the recorded answer; "" where the client wrote an empty one, None where it records none."""
    answer = conventions.output_of(span)
    if answer is not None:
        return answer
    attributes = span.attributes
    return "" if any(name in attributes and attributes[name] in EMPTY for name in WRITTEN_EMPTY) else None


def shows_text(span: Span, names: Iterable[str]) -> bool:
    """Whether an answer with a text is seen at a glance in one of these attributes."""
    for name in names:
        value = span.attributes[name]
        if isinstance(value, str) and value and not name.endswith(".role"):
            is_json = value[0] in "{["
            if TEXT.search(value, 0, LONGEST_GLANCE) if is_json else not value.isspace():
                return True
    return False


def records_contents(span: Span, answer: Any) -> bool:
    """Whether the client records contents: the input has a text or, where it is not on this span, the answer a part."""
    convention = conventions.convention_of(span)
    given = convention.input_of(span) if convention else None
    if given is None:
        return isinstance(answer, str) and TEXT_PART.search(answer) is not None
    return not holds_nothing(given)


def is_of_no_text(span: Span) -> bool:
    """Whether the result of the call is no text of an answer, by what the call says of itself."""
    attributes = span.attributes
    if attributes.get("gen_ai.output.type", "text") not in ("text", "json"):
        return True
    said = " ".join(str(attributes.get(name, "")) for name in SAID_OF_WORK)
    words = f"{span.name} {said}".lower()
    return any(word in words for word in NO_TEXT)


def may_be_cut_off(span: Span, meaning: Meaning) -> bool:
    """Whether the call streams and tells neither why it ended nor what it took, as one that the caller left."""
    if meaning.finish_reason or meaning.output_tokens:
        return False
    return "stream" in span.name.lower() or any(
        value and name.endswith(STREAMED) for name, value in span.attributes.items()
    )
