"""
From the names that a convention gives its facts to the facts themselves.

OpenTelemetry's general names (`session.id`, `user.id`, ...) apply wherever a convention has none of its own.
https://opentelemetry.io/docs/specs/semconv/registry/attributes/session/
https://opentelemetry.io/docs/specs/semconv/registry/attributes/user/
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.conventions.content import metadata
from telemetry.spans.attribute_lookup import (
    SESSION_NAMES,
    USER_NAMES,
    Attributes,
    count,
    finish_in,
    first,
    first_of_list,
)
from telemetry.spans.meaning import Meaning

Keys = tuple[str, ...]

SESSION: Keys = (
    "session.id",
    "gen_ai.conversation.id",
    "langfuse.session.id",
    "session_id",
    "conversation_id",
)
USER: Keys = ("user.id", "enduser.id", "langfuse.user.id", "enduser.pseudo.id", "user_id")
AGENT: Keys = ("gen_ai.agent.name", "agent.name")
NOTHING = Meaning()
IDENTITY = frozenset(SESSION + USER + AGENT)


@dataclass(frozen=True, slots=True)
class Names:
    """The attributes that may hold each fact, the most trusted first."""

    session: Keys = SESSION
    user: Keys = USER
    agent: Keys = AGENT
    tool: Keys = ("gen_ai.tool.name",)
    model: Keys = ()
    input_tokens: Keys = ()
    output_tokens: Keys = ()
    finish: Keys = ()  # a reason or a list of them
    answers: Keys = ()  # recorded answers that hold the reason where nothing else does


def stated(
    attributes: Attributes,
    names: Names,
    unit: str,
    *,
    agent: str = "",
    is_agent_run: bool = False,
    tool: str = "",
    model: str = "",
    finish_reason: str = "",
    error: str = "",
    usage: Attributes | None = None,
    about: Attributes | None = None,
) -> Meaning:
    """What the attributes say under these names; what the caller knows better goes before.

    Args:
        usage: where the tokens are counted, if not in the attributes themselves.
        about: the application's own `metadata`, if the caller has parsed it.
    """
    session_id, user_id = first(attributes, names.session), first(attributes, names.user)
    if "metadata" in attributes and not (session_id and user_id):
        about = metadata(attributes) if about is None else about
        session_id, user_id = session_id or first(about, SESSION_NAMES), user_id or first(about, USER_NAMES)
    is_call = unit == "llm_call"
    counted = attributes if usage is None else usage
    return (
        Meaning(  # in the order of its fields: every span comes here, and keywords would take twice as long
            unit,
            session_id,
            user_id,
            agent or first(attributes, names.agent),
            is_agent_run,
            (tool or first(attributes, names.tool)) if unit == "tool_call" else "",
            model or first(attributes, names.model),
            count(counted, names.input_tokens) if is_call else None,
            count(counted, names.output_tokens) if is_call else None,
            (finish_reason or finish_of(attributes, names)) if is_call else "",
            error,
        )
    )


def finish_of(attributes: Attributes, names: Names) -> str:
    """Why the model stopped."""
    for name in names.finish:
        if name in attributes and (reason := first_of_list(attributes[name])):
            return reason
    for name in names.answers:
        if name in attributes and (reason := finish_in(attributes[name])):
            return reason
    return ""


def general(attributes: Attributes) -> Meaning:
    """What a span says that no convention knows: at most who it is about."""
    return NOTHING if IDENTITY.isdisjoint(attributes) else stated(attributes, GENERAL, "")


GENERAL = Names()
