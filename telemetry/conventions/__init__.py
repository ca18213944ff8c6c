"""
What a span means, whichever instrumentation wrote it: the first convention that knows the span reads it.

Each convention is one file of this package; `registry` finds them, `facts` reads what they have in common.
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import parsed, tool_result
from telemetry.conventions.facts import general
from telemetry.conventions.registry import Convention, Registry
from telemetry.spans.attribute_lookup import first_present
from telemetry.spans.meaning import Capture, Meaning
from telemetry.spans.span import Span

# What should have come out. Only experiments know: https://langfuse.com/docs/evaluation/experiments
EXPECTED = ("langfuse.experiment.item.expected_output",)

CONVENTIONS = Registry(__name__, __path__)


def of(span: Span) -> Convention | None:
    """The convention that the span was written in, or None for work without a model, such as HTTP."""
    return CONVENTIONS.of(span)


def read(span: Span) -> Meaning:
    """The facts that the span states."""
    convention = CONVENTIONS.of(span)
    return convention.read(span) if convention else general(span.attributes)


def output_of(span: Span) -> Any:
    """What the span's unit of work gave back, as it was sent; None when it was not recorded."""
    convention = CONVENTIONS.of(span)
    return convention.output_of(span) if convention else None


def capture(span: Span) -> Capture | None:
    """The unit of agent work with its input and output; None for other work."""
    convention = CONVENTIONS.of(span)
    meaning = read(span)
    if convention is None or not meaning.unit:
        return None
    given, output = parsed(convention.input_of(span)), convention.output_of(span)
    return Capture(
        unit=meaning.unit,
        input=given,
        output=tool_result(output) if meaning.unit == "tool_call" else parsed(output),
        model=meaning.model,
        expected=parsed(first_present(span.attributes, EXPECTED)),
        replayable=given is not None,
    )
