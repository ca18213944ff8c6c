"""
The place in the code at which a record failed, from its stack or its `code.*` attributes.

https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/. Grouping leaves line numbers out on purpose
(stacktrace.py), because they change with releases; a person who opens the file needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.failures import stacktrace
from telemetry.failures.stacktrace import Frame

FILE = ("code.file.path", "code.filepath")
LINE = ("code.line.number", "code.lineno")
FUNCTION = ("code.function.name", "code.function")
# A line number with the text between it and the file: of Python, of .NET, of most languages, of PHP.
LINE_NUMBER = r"\d{1,9}"
AFTER_FILE = re.compile(rf'(?:", line |:line |:|\()({LINE_NUMBER})')


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
    """Return the place of the application's own frame nearest to the failure, else of the nearest frame, or None."""
    frames = list(stacktrace.frames(stack))
    frame = next((frame for frame in frames if frame.is_own), frames[0] if frames else None)
    if frame is None:
        return None
    return CodeLocation(frame.file or None, line_of(frame, stack), frame.function or None, frame.is_own)


def line_of(frame: Frame, stack: str) -> int | None:
    """Return the line number that the stack gives for this frame, or None."""
    if not frame.file:
        return None
    if stacktrace.TRACEBACK not in stack:
        return next(lines_after(frame.file, stack, None), None)
    *_, last = None, *lines_after(frame.file, stack.rpartition(stacktrace.TRACEBACK)[2], frame.function)
    return last


def lines_after(file: str, text: str, function: str | None) -> Iterator[int]:
    """Yield the line numbers behind each mention of the file; with a function, of Python's frames of that function."""
    start = text.find(file)
    while start >= 0:
        number = AFTER_FILE.match(text, start + len(file))
        if number and (function is None or is_followed_by(function, text, number.end())):
            yield int(number[1])
        start = text.find(file, start + 1)


def is_followed_by(function: str, text: str, at: int) -> bool:
    """Whether the rest of Python's line for a frame of the function begins here."""
    rest = f", in {function}"
    return text.startswith(rest, at) and text[at + len(rest) : at + len(rest) + 1] in ("", "\n")


def of_attributes(facts: Mapping[str, Any]) -> CodeLocation | None:
    """Return the place in `code.*` attributes, or None. Whose code it is follows from the path, as in a stack."""
    file, line, function = (first_set(facts, names) for names in (FILE, LINE, FUNCTION))
    if not file and not function:
        return None
    frame = Frame(str(function or ""), str(file or function))
    number = int(line) if re.fullmatch(LINE_NUMBER, str(line)) else None
    return CodeLocation(str(file) if file else None, number, frame.function or None, frame.is_own)


def first_set(facts: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the value of the first of these attributes that is set, or None."""
    return next((facts[name] for name in names if facts.get(name)), None)
