"""
The classification of spans as failed. The rules are those of telemetry/signals; the first that finds a failure decides.

A span has failed if the client marked it so, or shows one of a few failures that are certain without a mark.
"""

from __future__ import annotations

from telemetry.signals import SIGNALS
from telemetry.signals.marked import may_be_marked
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

REREAD = SIGNALS.reread  # by unit of work: a function that may return a failure as one of another signal


def failure(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of the span, or None."""
    rules = SIGNALS.rules if may_be_marked(span, meaning) else SIGNALS.unmarked_rules(span)
    for rule in rules.get(meaning.unit, rules[""]):
        result = rule(span, meaning)
        if result:
            return REREAD[meaning.unit](result, span, meaning) if meaning.unit in REREAD else result
    return None
