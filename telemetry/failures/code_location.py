"""
Where in the code a record failed, from its stack or its `code.*` attributes.

https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/. Grouping leaves lines out on purpose
(stacktrace.py): they change with releases. Who opens the file wants them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.failures import stacktrace
from telemetry.failures.stacktrace import Frame

FILE = ("code.file.path", "code.filepath")
LINE = ("code.line.number", "code.lineno")
FUNCTION = ("code.function.name", "code.function")
AFTER_FILE = r'(?:", line |:line |:|\()(\d{1,9})'  # Python; .NET; most; PHP


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """One place in the code; what is not known is None."""

    file: str | None
    line: int | None
    function: str | None
    own: bool  # of the application, not of its language or libraries

    def __str__(self) -> str:
        """`find src/repo.py:12`."""
        line = "" if self.line is None else f":{self.line}"
        return f"{self.function or ''} {self.file or ''}{line}".strip()


def of_record(record: Mapping[str, Any]) -> CodeLocation | None:
    """Where a record, as it is shown, failed: by its last stack, else by what it or its events say of the code."""
    told = [event["attributes"] for event in reversed(record["events"])]
    stacks = (facts.get("exception.stacktrace") for facts in told)
    found = next((where for stack in stacks if isinstance(stack, str) and (where := of_stack(stack))), None)
    if found and found.own:
        return found
    named = (of_attributes(facts) for facts in (*told, record["attributes"]))
    return next((where for where in named if where), found)


def of_stack(stack: str) -> CodeLocation | None:
    """The application's own frame nearest to the failure, else the nearest frame of all."""
    frames = list(stacktrace.frames(stack))
    frame = next((frame for frame in frames if frame.is_own), frames[0] if frames else None)
    if frame is None:
        return None
    return CodeLocation(frame.file or None, line_of(frame, stack), frame.function or None, frame.is_own)


def line_of(frame: Frame, stack: str) -> int | None:
    """The line that the stack names for this frame."""
    if not frame.file:
        return None
    python = stacktrace.TRACEBACK in stack
    text = stack.rpartition(stacktrace.TRACEBACK)[2] if python else stack
    tail = f", in {re.escape(frame.function)}(?:\n|$)" if python else ""
    found = re.findall(re.escape(frame.file) + AFTER_FILE + tail, text)
    return int(found[-1 if python else 0]) if found else None


def of_attributes(facts: Mapping[str, Any]) -> CodeLocation | None:
    """What `code.*` attributes say; whose code it is they leave to the path."""
    file, line, function = (first(facts, names) for names in (FILE, LINE, FUNCTION))
    if not file and not function:
        return None
    frame = Frame(str(function or ""), str(file or function))
    number = int(line) if str(line).isdecimal() else None
    return CodeLocation(str(file) if file else None, number, frame.function or None, frame.is_own)


def first(facts: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these attributes that is set."""
    return next((facts[name] for name in names if facts.get(name)), None)
