"""
The facts of a record that hints compare: the short attributes of its span and its resource, by name, as texts.

Attributes that describe the failure or its outcome, and attributes that no two records share, are left out. A value
that is too long or no plain value is a fact too, without its text: the record is not one that lacks the attribute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST = 100  # characters of a value; longer ones are contents
CONTENT = "content" * LONGEST  # the text of every value that is not compared: longer than any that is
EFFECTS = re.compile(
    r"^(?:error|exception|otel\.status|http\.status|http\.response|rpc\.(?:grpc\.status|response)|db\.response"
    r"|gen_ai\.(?:output|response|completion|usage|tool\.call)|llm\.(?:output|token|usage)|output|ai\.(?:response|usage)"
    r"|feedback|traceloop\.entity|telemetry\.sdk|process\.|thread\.|service\.instance)"
    r"|(?:^|[._])(?:error|errors|exception|result|results|output|response|status|duration|elapsed|latency"
    r"|finish_reasons?|stop_reason)(?:$|[._])"
)

RecordFacts = Mapping[str, str]


class FactReader:
    """Reads the facts of attributes, and knows the names that it has met."""

    def __init__(self) -> None:
        self._effects: dict[str, bool] = {}  # whether they describe a failure, by name

    def facts_of(self, attributes: Mapping[str, Any]) -> dict[str, str]:
        """The facts of the attributes of a span or of a resource."""
        effects, facts = self._effects, dict[str, str]()
        for name, value in attributes.items():
            if name not in effects:
                effects[name] = is_effect(name)
            if not effects[name]:
                facts[name] = text_of(value)
        return facts


def text_of(value: Any) -> str:
    """The value as text, CONTENT if it is not compared."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else CONTENT
    return str(value) if isinstance(value, int) else CONTENT


def is_effect(name: str) -> bool:
    """Whether an attribute describes a failure or its outcome, or is different in every record."""
    return bool(EFFECTS.search(name))
