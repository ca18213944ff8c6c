"""What an event in a loop's history holds, as names and texts for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.display.quantities import significant, to_the_minute
from diagnosis.display.readable import rows


def event_facts(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts of an event by name; an earlier decision, or a window, is one sentence."""
    return rows(in_words(detail))


def in_words(value: Any) -> Any:
    """JSON of an event with its decisions, windows and numbers as text, and with names in words."""
    if isinstance(value, Mapping):
        return {name.replace("_", " "): nested_in_words(inner) for name, inner in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}" if isinstance(value, int) else significant(value)
    if isinstance(value, list):
        return [nested_in_words(inner) for inner in value]
    return value


def nested_in_words(value: Any) -> Any:
    """`in_words` of a value inside an event, which can be an earlier decision or a window."""
    fields = value if isinstance(value, Mapping) else {}
    if {"verb", "decided_by"} <= fields.keys():
        return decision_sentence(fields)
    if fields.keys() == {"start", "end", "since_minutes"} or fields.keys() == {"start", "end"}:
        return f"{to_the_minute(fields['start'])} to {to_the_minute(fields['end'])}"
    if fields.keys() == {"failures", "exposure"}:
        return f"{fields['failures']:,} of {fields['exposure']:,}"
    return in_words(value)


def decision_sentence(decision: Mapping[str, Any]) -> str:
    """`reject by olga, until it grows 3 times, 12 Jul 2026, 14:03 UTC, because: A test account.`"""
    until = f", until it grows {decision['times']} times" if decision.get("times") else ""
    time = to_the_minute(decision["decided_at"])
    return f"{decision['verb']} by {decision['decided_by']}{until}, {time}, because: {decision['reason']}"
