"""The places of what is typed into the fields of secrets, or set as one, in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.typed.calls import typed_by_call
from telemetry.scrubbing.named.typed.fields import FIELD_WORDS, REST, field_at
from telemetry.scrubbing.named.typed.members import sibling_values
from telemetry.scrubbing.named.typed.told import set_by_command, told_values
from telemetry.scrubbing.work import CANDIDATE, Work

# What stands behind most names of secrets in code and settings, where nothing is typed into a field.
ASSIGNED = re.compile(r"[\w-]{0,40}+(?:\\{0,15}[\"'])?(?:=|:(?![a-z]))")
# The end of a label with another member, an argument or a call behind it, and what a sentence has behind a field.
ENDS_LABEL = re.compile(rf"[\w-]{{0,40}}+{REST}[)\]}} ]{{0,6}}(?:,|[?!]?\.|[\s\\\"'}}]|\Z)")
TOLD = re.compile(
    rf"(?i)[^\s,;]{{0,60}}+ (?:{'|'.join(FIELD_WORDS)}|confirmation|again|value|for|of|on|with|to|as|=|got|gets"
    r"|(?:has|have) been|(?:is|was)(?: now)? (?:set|reset|changed|updated))[ :'\"`]"
)
INTO = re.compile(r"(?:[\"'`]|\d[^\s\"'`]{0,40}+) (?:in|into|onto|to|for|as) ")
NEAR = 100  # characters before the name in which a sentence has one of them
# A value is in quotes or has a digit.
VALUE = re.compile(r"[\d\"'`]")


def typed_values(text: str, words: list[int], work: Work) -> Iterator[Place]:
    """The places of what is typed into the fields whose names have their last word end there. Raises Spent."""
    last_end = 0
    for end in words:
        if text.endswith("passwd", 0, end):
            yield from set_by_command(text, end)
        if (
            end <= last_end
            or ASSIGNED.match(text, end)
            or not VALUE.search(text, max(0, end - NEAR), end + NEAR)
        ):
            continue
        work.take(CANDIDATE // 10)
        ends_label, is_told = ENDS_LABEL.match(text, end), may_be_told(text, end)
        if not ends_label and not is_told:
            continue
        work.take(CANDIDATE)
        field = field_at(text, end)
        if field is None:
            continue
        last_end = field.end
        if ends_label:
            work.take(CANDIDATE)
            yield from sibling_values(text, field)
            yield from typed_by_call(text, field)
        if is_told:
            work.take(CANDIDATE)
            yield from told_values(text, field)


def may_be_told(text: str, end: int) -> bool:
    """Whether a sentence may say what is typed into the field, or becomes the secret, whose name ends here."""
    return TOLD.match(text, end) is not None or INTO.search(text, max(0, end - NEAR), end) is not None
