"""
The meaning of a span, whichever instrumentation wrote it: the first convention that knows the span reads it.

Each convention is one file of this package; `registry` finds them and says what a file offers, `facts` reads what they
have in common. Examples of a client's spans for the tests: tests/telemetry/span_examples.
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import parsed, tool_result
from telemetry.conventions.facts import extract_general_facts, with_metadata
from telemetry.conventions.registry import Convention, ConventionRegistry
from telemetry.spans.attribute_lookup import first_present
from telemetry.spans.meaning import Capture, Meaning
from telemetry.spans.span import Span

CONVENTIONS = ConventionRegistry(__name__, __path__)


def convention_of(span: Span) -> Convention | None:
    """The convention that the span was written in, or None for work without a model, such as HTTP."""
    return CONVENTIONS.of(span)


def read_meaning(span: Span) -> Meaning:
    """The facts that the span states."""
    return read_by(CONVENTIONS.of(span), span)


def read_by(convention: Convention | None, span: Span) -> Meaning:
    """The facts that the span states, by its convention; of a root and of a run also those in its metadata."""
    if convention is None:
        return extract_general_facts(span)
    meaning = convention.read(span)
    is_inside = span.parent_span_id and not meaning.is_agent_run
    if is_inside or (meaning.session_id and meaning.user_id):
        return meaning
    return with_metadata(meaning, span)


def fails_without_status(span: Span) -> bool:
    """Whether the span's client records failures as exception events alone, whatever status it sets."""
    return getattr(CONVENTIONS.of(span), "FAILS_WITHOUT_STATUS", False)


def output_of(span: Span) -> Any:
    """The output of the span's unit of work, as it was sent; None when it was not recorded."""
    convention = CONVENTIONS.of(span)
    return convention.output_of(span) if convention else None


def capture_of(span: Span) -> Capture | None:
    """The unit of agent work with its input and output; None for other work."""
    convention = CONVENTIONS.of(span)
    meaning = read_meaning(span)
    if convention is None or not meaning.unit:
        return None
    recorded, output = parsed(convention.input_of(span)), convention.output_of(span)
    return Capture(
        unit=meaning.unit,
        input=recorded,
        output=tool_result(output) if meaning.unit == "tool_call" else parsed(output),
        model=meaning.model,
        expected=parsed(first_present(span.attributes, CONVENTIONS.expected)),
        replayable=recorded is not None,
    )
