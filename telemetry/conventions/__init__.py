"""
What a span means, whichever instrumentation wrote it: the first convention that knows the span reads it.

OpenTelemetry's general names (`session.id`, `user.id`, ...) apply where the convention is silent.
https://opentelemetry.io/docs/specs/semconv/registry/attributes/session/
https://opentelemetry.io/docs/specs/semconv/registry/attributes/user/
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from telemetry.conventions import genai, langsmith, mcp, mlflow, openinference, traceloop, vercel
from telemetry.conventions.lookup import first
from telemetry.meaning import Capture, Meaning
from telemetry.span import Span

SESSION = ("session.id", "gen_ai.conversation.id", "langfuse.session.id", "session_id", "conversation_id")
USER = ("user.id", "enduser.id", "langfuse.user.id", "enduser.pseudo.id", "user_id")
AGENT = ("gen_ai.agent.name", "agent.name")
NOTHING = Meaning()


class Convention(Protocol):
    """What each module here offers."""

    def recognises(self, span: Span) -> bool:
        """Whether the span was written in this convention."""

    def read(self, span: Span) -> Meaning:
        """The facts for columns. Runs for every span at ingest."""

    def messages(self, span: Span) -> tuple[Any, Any]:
        """Input and output. Runs when a record is read."""


# The special ones first: many of them write OTel GenAI's names as well.
CONVENTIONS: tuple[Convention, ...] = (vercel, langsmith, mlflow, openinference, traceloop, mcp, genai)


def of(span: Span) -> Convention | None:
    """The convention that the span was written in, or None for work without a model, such as HTTP."""
    return next((convention for convention in CONVENTIONS if convention.recognises(span)), None)


def read(span: Span) -> Meaning:
    """The facts that the span states."""
    convention = of(span)
    meaning = convention.read(span) if convention else NOTHING
    session_id = meaning.session_id or first(span.attributes, SESSION)
    user_id = meaning.user_id or first(span.attributes, USER)
    agent = meaning.agent or first(span.attributes, AGENT)
    if (session_id, user_id, agent) == (meaning.session_id, meaning.user_id, meaning.agent):
        return meaning
    return replace(meaning, session_id=session_id, user_id=user_id, agent=agent)


def result_of(span: Span) -> Any:
    """What the span's unit of work gave back; None when it was not recorded."""
    convention = of(span)
    return convention.messages(span)[1] if convention else None


def capture(span: Span) -> Capture | None:
    """The unit of agent work with its input and output; None for other work."""
    convention = of(span)
    meaning = convention.read(span) if convention else NOTHING
    if convention is None or not meaning.unit:
        return None
    given, output = convention.messages(span)
    return Capture(
        unit=meaning.unit,
        input=given,
        output=output,
        model=meaning.model,
        expected=None,  # no convention records what should have come out
        replayable=given is not None,
    )
