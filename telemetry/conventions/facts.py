"""
The facts of a span, found under the names that its convention gives them.

OpenTelemetry's general names (`session.id`, `user.id`, ...) apply wherever a convention has none of its own.
https://opentelemetry.io/docs/specs/semconv/registry/attributes/session/
https://opentelemetry.io/docs/specs/semconv/registry/attributes/user/

What an application gives to its client as metadata is handed on under a prefix of its own: `<client>.metadata.<name>`,
one attribute for each name, or all of it as one object of JSON in `<client>.metadata`:
https://github.com/mastra-ai/mastra/blob/main/observability/otel-exporter/src/span-converter.ts (`mastra.metadata.`),
https://github.com/BerriAI/litellm/blob/main/litellm/integrations/opentelemetry.py (`metadata.`),
https://ai-sdk.dev/docs/ai-sdk-core/telemetry (`ai.telemetry.metadata.`),
https://langfuse.com/integrations/native/opentelemetry#property-mapping (`langfuse.trace.metadata.`),
https://docs.langchain.com/langsmith/trace-with-opentelemetry (`langsmith.metadata.`)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any

from telemetry.conventions.content import metadata, parsed
from telemetry.spans.attribute_lookup import (
    MOST_REASONS,
    SESSION_NAMES,
    USER_NAMES,
    Attributes,
    finish_in,
    first_count,
    first_id,
    first_text,
    joined_reasons,
    reasons_in,
)
from telemetry.spans.form import once_a_form, remember
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

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
WORD = "metadata"
SESSIONS, USERS = (*SESSION_NAMES, "session.id"), (*USER_NAMES, "user.id")
OF_NAMES = "|".join(map(re.escape, (*SESSIONS, *USERS)))
FACT = re.compile(rf"(?:.*[._])?{WORD}\.({OF_NAMES})", re.S)  # the name of an attribute
OBJECTS = (f".{WORD}", f"_{WORD}")
FIRST = ".0."  # in the name of an attribute: the number of the first choice
# What stands where a model was not asked for by name: Micrometer's KeyValue.NONE_VALUE (Spring AI), and the word of
# LangChain4j (DefaultChatModelConvention.java) and of Microsoft's Agent Framework (observability.py).
UNNAMED = ("none", "unknown")
LONGEST_NAME = 200  # characters of an attribute's name that is looked at
NOTHING = Meaning()
CallFacts = tuple[int | None, int | None, str, bool]
NO_CALL: CallFacts = (None, None, "", False)
IDENTITY = frozenset(SESSION + USER + AGENT)


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: they are looked up for every span
class AttributeNames:
    """The attributes that may hold each fact, the most trusted first."""

    session: Keys = SESSION
    user: Keys = USER
    agent: Keys = AGENT
    tool: Keys = ("gen_ai.tool.name",)
    model: Keys = ()
    input_tokens: Keys = ()
    output_tokens: Keys = ()
    kind: Keys = ()  # the kind of work in the client's own words, which tell embeddings from chats
    component: Keys = ()  # the part of the application that ran, where all parts share one span name
    finish: Keys = ()  # a reason or a list of them
    answers: Keys = ()  # recorded answers that hold the reason where nothing else does

    def among(self, span: Span) -> AttributeNames:
        """Those of the names that the span has."""
        form = span.form
        if self in form:
            known: AttributeNames = form[self]
            return known
        parts = (getattr(self, part.name) for part in fields(self))
        present = (tuple(name for name in part if name in span.attributes) for part in parts)
        return remember(form, self, AttributeNames(*present))


def extract_facts(
    span: Span,
    names: AttributeNames,
    known: Meaning,
    usage: Attributes | None = None,
    about: Attributes | None = None,
) -> Meaning:
    """
    The facts that the span's attributes state under these names.

    Args:
        known: the span's unit, and facts that the convention knows better than the attributes.
        usage: where the tokens are counted, if not in the attributes themselves.
        about: the application's own `metadata`, if the caller has parsed it.
    """
    attributes, present, unit = span.attributes, names.among(span), known.unit
    session_id, user_id = identity(attributes, present, about)
    counted = (attributes, present) if usage is None else (usage, names)
    is_call = unit == "llm_call"
    taken, given, finish, embeds = call_facts(attributes, present, known, *counted) if is_call else NO_CALL
    return Meaning(
        unit, session_id, user_id,
        known.agent or (first_text(attributes, present.agent) if present.agent else ""),
        known.is_agent_run,
        (known.tool or first_text(attributes, present.tool)) if unit == "tool_call" else "",
        known.model or (first_model(attributes, present.model) if present.model else ""),
        known.error,
        first_text(attributes, present.component) if present.component else "",
        taken, given, finish, embeds,
    )  # fmt: skip


def first_model(attributes: Attributes, names: Keys) -> str:
    """The first model that is named, and not a word in place of a name."""
    model = first_text(attributes, names)
    if model not in UNNAMED:
        return model
    return first_text(attributes, tuple(name for name in names if attributes[name] not in UNNAMED))


def call_facts(
    attributes: Attributes, names: AttributeNames, known: Meaning, usage: Attributes, counts: AttributeNames
) -> CallFacts:
    """The facts that only model calls have, in the order of Meaning's fields; `counts` names those in `usage`."""
    return (
        first_count(usage, counts.input_tokens),
        first_count(usage, counts.output_tokens),
        known.finish_reason or finish_of(attributes, names),
        bool(names.kind) and "embed" in first_text(attributes, names.kind).lower(),
    )


def identity(attributes: Attributes, names: AttributeNames, about: Attributes | None) -> tuple[str, str]:
    """The ids of session and user, of those that the names lack from the application's own `metadata`."""
    session_id = first_id(attributes, names.session) if names.session else ""
    user_id = first_id(attributes, names.user) if names.user else ""
    if "metadata" not in attributes or (session_id and user_id):
        return session_id, user_id
    about = metadata(attributes) if about is None else about
    return session_id or first_id(about, SESSION_NAMES), user_id or first_id(about, USER_NAMES)


def with_metadata(meaning: Meaning, span: Span) -> Meaning:
    """The meaning with the session and the user that metadata names, if the span does not name them itself."""
    if not has_metadata(span):  # as most spans
        return meaning
    facts = metadata_facts(span.attributes)
    if not facts:
        return meaning
    return replace(
        meaning,
        session_id=meaning.session_id or first_id(facts, SESSIONS),
        user_id=meaning.user_id or first_id(facts, USERS),
    )


@once_a_form
def has_metadata(span: Span) -> bool:
    """Whether the name of an attribute speaks of metadata."""
    return any(WORD in name for name in span.attributes)


def metadata_facts(attributes: Attributes) -> Attributes:
    """What the metadata says, by its own names; {} for nothing."""
    facts: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    for name, value in attributes.items():
        if WORD not in name or len(name) > LONGEST_NAME:
            continue
        if match := FACT.fullmatch(name):
            facts[match[1]] = value
        elif name.endswith(OBJECTS) and isinstance(content := parsed(value), dict):
            whole |= content
    return whole | facts


def finish_of(attributes: Attributes, names: AttributeNames) -> str:
    """The reasons why the model stopped, one or joined by commas; "" where none is recorded."""
    for name in names.finish:
        if name in attributes and (reason := reasons_in(attributes[name])):
            return with_other_choices(attributes, name, reason) if FIRST in name else reason
    for name in names.answers:
        if name in attributes and (reason := finish_in(attributes[name])):
            return reason
    return ""


def with_other_choices(attributes: Attributes, name: str, reason: str) -> str:
    """The reason of the first choice with those of further ones, where attributes number the choices."""
    before, _, after = name.partition(FIRST)
    reasons = [reason]
    while (key := f"{before}.{len(reasons)}.{after}") in attributes and len(reasons) < MOST_REASONS:
        reasons.append(reasons_in(attributes[key]))
    return joined_reasons(reasons)


def extract_general_facts(span: Span) -> Meaning:
    """The meaning of a span that no convention knows: at most its session, user and agent."""
    return extract_facts(span, GENERAL, NOTHING) if has_identity(span) else NOTHING


@once_a_form
def has_identity(span: Span) -> bool:
    """Whether the span may name its session, user or agent."""
    return not IDENTITY.isdisjoint(span.attributes)


GENERAL = AttributeNames()
