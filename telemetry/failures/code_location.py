"""
The place in the code at which a record failed, from its stack or its `code.*` attributes.

https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/. Grouping leaves line numbers out on purpose,
because they change with releases; a person who opens the file needs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.stacks import frame_of, parsed_stack
from telemetry.stacks.frame import LIBRARY, OWN, TEST, UNKNOWN, StackFrame

FILE = ("code.file.path", "code.filepath")
LINE = ("code.line.number", "code.lineno")
FUNCTION = ("code.function.name", "code.function")
LINE_NUMBER = re.compile(r"\d{1,9}")
SHOWN_OWNERS = (OWN, UNKNOWN, TEST, LIBRARY)


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """One place in the code; unknown parts are None."""

    file: str | None
    line: int | None
    function: str | None
    own: bool  # the code is the application's, not its language's or a library's

    def __str__(self) -> str:
        """Return the location as in `find src/repo.py:12`."""
        line = "" if self.line is None else f":{self.line}"
        return f"{self.function or ''} {self.file or ''}{line}".strip()


def of_record(record: Mapping[str, Any]) -> CodeLocation | None:
    """
    Return the place at which a record, in the form in which answers show it, failed; None if it is unknown.

    The application's own frame in the last stack comes first, then `code.*` attributes of the events or of the record,
    then any other frame of that stack.
    """
    event_facts = [event["attributes"] for event in reversed(record["events"])]
    stacks = (facts.get("exception.stacktrace") for facts in event_facts)
    in_stack = next(
        (place for stack in stacks if isinstance(stack, str) and (place := of_stack(stack))), None
    )
    if in_stack and in_stack.own:
        return in_stack
    in_attributes = (of_attributes(facts) for facts in (*event_facts, record["attributes"]))
    return next((place for place in in_attributes if place), in_stack)


def of_stack(stack: str) -> CodeLocation | None:
    """
    Return the place of the frame nearest to the failure that is the application's own, or None.

    The root cause comes before the exceptions around it. Without an own frame it is one whose owner is unknown, of a
    test, or of a library; the runtime's frames say nothing about a failure.
    """
    raised = parsed_stack(stack)
    frames = list(raised.all_frames()) if raised else []
    ranked = (frame for owner in SHOWN_OWNERS for frame in frames if frame.owner == owner)
    frame = next(ranked, None)
    return code_place(frame) if frame else None


def code_place(frame: StackFrame) -> CodeLocation:
    """Return the frame's place as answers show it."""
    return CodeLocation(frame.file or None, frame.line, frame.function or None, frame.is_own)


def of_attributes(facts: Mapping[str, Any]) -> CodeLocation | None:
    """Return the place in `code.*` attributes, or None. Whose code it is follows from the path, as in a stack."""
    file, line, function = (first_set(facts, names) for names in (FILE, LINE, FUNCTION))
    if not file and not function:
        return None
    number = int(line) if LINE_NUMBER.fullmatch(str(line)) else None
    return code_place(frame_of(str(function or ""), str(file or ""), number))


def first_set(facts: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the value of the first of these attributes that is set, or None."""
    return next((facts[name] for name in names if facts.get(name)), None)
