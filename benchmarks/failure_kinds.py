"""
How the benchmark's agents fail: twelve kinds, known in advance, with other ids and numbers each time.

Kinds that look alike are in it on purpose: two that say "not found", two time-outs; four share one exception type,
since applications raise one class for many causes. The words are ours.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

FAILING = 0.05  # of all spans
MODEL = ""  # the place of a tool's name in kinds of a model call


@dataclass(frozen=True, slots=True)
class Kind:
    """One cause: {id} stands for eight digits, {n} for a small number."""

    tool: str
    error_type: str
    message: str

    def told(self, chance: random.Random) -> str:
        """The message of one failure of this kind."""
        return re.sub(r"\{id\}|\{n\}", lambda place: number(place[0], chance), self.message)

    def told_by(self, message: str) -> bool:
        """Whether a message is one of this kind."""
        return bool(re.fullmatch(re.sub(r"\\\{(id|n)\\\}", r"\\d+", re.escape(self.message)), message))


KINDS = (
    Kind("lookup_order", "ToolError", "order A-{id} not found"),
    Kind("lookup_order", "TimeoutError", "warehouse eu-{n} did not answer within {n} ms"),
    Kind("lookup_order", "PermissionError", "customer c_{id} may not see order A-{id}"),
    Kind("track_parcel", "ToolError", "parcel P-{id} not found"),
    Kind(
        "track_parcel", "shipping.CarrierUnavailable", "carrier answered 503 for parcel P-{id}, attempt {n}"
    ),
    Kind("track_parcel", "json.decoder.JSONDecodeError", "Expecting value: line {n} column {n} (char {n})"),
    Kind("issue_refund", "ToolError", "refund of {n}.95 EUR for order A-{id} exceeds the limit"),
    Kind("issue_refund", "ToolError", "gateway declined charge ch_{id}: card expired"),
    Kind("issue_refund", "ConnectionError", "connection to payments-{n}.internal:5432 refused"),
    Kind(
        MODEL,
        "openai.RateLimitError",
        "Rate limit reached for organization org-{id} on tokens per min: used {id}, requested {n}",
    ),
    Kind(MODEL, "openai.BadRequestError", "maximum context length exceeded: the messages have {n} tokens"),
    Kind(MODEL, "openai.APITimeoutError", "request req_{id} timed out after {n} s"),
)
STACK = """Traceback (most recent call last):
  File "/srv/assistant/runner.py", line 88, in run_step
    result = step(arguments)
  File "/srv/assistant/{module}.py", line 41, in {function}
    return client.call(payload)
{error_type}: {message}
"""


def of_span(tool: str, chance: random.Random) -> Kind:
    """Any kind that happens in calls of this tool, or of the model."""
    return chance.choice([kind for kind in KINDS if kind.tool == tool])


def stack(kind: Kind, message: str) -> str:
    """The stack trace that Python would show."""
    module, function = ("tools", kind.tool) if kind.tool else ("model", "complete")
    return STACK.format(module=module, function=function, error_type=kind.error_type, message=message)


def number(place: str, chance: random.Random) -> str:
    """Digits for a place in a message."""
    return f"{chance.randrange(10**8):08}" if place == "{id}" else str(chance.randrange(1, 5000))
