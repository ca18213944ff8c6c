"""
Messages in span events, as OTel GenAI had them up to 1.36, and as clients such as Strands still write them.

https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import parsed
from telemetry.spans.attribute_lookup import first_present, first_text
from telemetry.spans.span import DETAILS, SpanEvent

ANSWERS = ("gen_ai.choice", "gen_ai.content.completion")
GIVEN = ("gen_ai.tool.message",)
EVALUATION = "gen_ai.evaluation.result"


def of_tool(events: list[SpanEvent], names: tuple[str, ...]) -> Any:
    """The arguments or the result of a tool call, which Strands gives in events of these names."""
    if not events:
        return None
    contents = [event.attributes for event in events if event.name in names]
    return first_present(contents[-1], ("message", "content")) if contents else None


def finish_reason(events: list[SpanEvent]) -> str:
    """The reason why the model stopped, from clients that give it with the answer, in an event."""
    reasons = [first_text(event.attributes, ("finish_reason",)) for event in events if event.name in ANSWERS]
    return reasons[-1] if reasons else ""


def messages_in_events(events: list[SpanEvent], attribute: str, *, answers: bool) -> list[Any] | None:
    """`gen_ai.user.message`, `gen_ai.choice`, and the one event that holds both sides; None without any."""
    contents = []
    for event in events:
        if event.name == DETAILS or attribute in event.attributes:
            contents.append(parsed(event.attributes.get(attribute)))
        elif is_message(event) and (event.name in ANSWERS) == answers:
            facts = {name: parsed(item) for name, item in event.attributes.items()}
            contents.append({"event": event.name, **facts})
    return [message for message in contents if message is not None] or None


def is_message(event: SpanEvent) -> bool:
    """Whether the event is one message of the conversation, as older versions have them."""
    return is_turn(event.name) or event.name in ANSWERS or event.name == "gen_ai.content.prompt"


def is_turn(name: str) -> bool:
    """Whether an event of this name is one turn of a conversation."""
    return name.startswith("gen_ai.") and name.endswith(".message")


def is_genai_event(name: str) -> bool:
    """Whether OTel GenAI, old or new, defines an event of this name as part of a span."""
    return is_turn(name) or name in ANSWERS or name in (DETAILS, EVALUATION)
