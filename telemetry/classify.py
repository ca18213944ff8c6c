"""
Whether a span hurts, and why. The rules are those of telemetry/signals; the first that finds a failure decides.

A failure is what the client marked as one, plus a few soft ones that are certain.
"""

from __future__ import annotations

from telemetry.signals import SIGNALS
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

RULES = SIGNALS.rules  # by unit of work
REREAD = SIGNALS.reread


def failure(span: Span, meaning: Meaning) -> Failure | None:
    """Why the span counts as failed, or None."""
    for rule in RULES.get(meaning.unit, RULES[""]):
        found = rule(span, meaning)
        if found:
            return REREAD[meaning.unit](found, span, meaning) if meaning.unit in REREAD else found
    return None
