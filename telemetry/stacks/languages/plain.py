"""
Stacks of any language that a tool wrote as `at function (file:line)`, or as `at function ()` where no file was known.

It is the form of V8, without columns: https://v8.dev/docs/stack-trace-api. Crash reporters write native stacks so.
Whose code a frame is follows from its file's language.
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import (
    LIBRARY,
    OWN,
    RUNTIME,
    UNKNOWN,
    RaisedError,
    StackFrame,
    frames_in,
    lines_of,
    number_or_none,
)
from telemetry.stacks.languages.compiled.native_names import is_platform, native_name
from telemetry.stacks.places import code_key, is_in_library

BEFORE = ()
MARKS = ("at ",)
EXTENSIONS = ()
FORM = re.compile(r"^[ \t]{0,40}at (?:[^\n]{0,300} )?\((?:[^\n():]{0,400}(?::\d{0,9})?)\)$", re.M)
PLACE = re.compile(r"(?P<file>(?:[A-Za-z]:)?[^\n():]{0,400}?)(?::(?P<line>\d{0,9}))?$")
HEADER = re.compile(r"(?P<type>[A-Za-z_$][\w.$]{0,200})(?:: (?P<message>.*))?$")


def read_plain(text: str) -> RaisedError | None:
    """Return the exception of the text; None for a text without a frame."""
    lines = lines_of(text)
    frames = frames_in(lines, plain_frame)
    match = HEADER.match(lines[0])
    error_type, message = (match["type"], match["message"] or "") if match else ("", "")
    return RaisedError(error_type, message, frames) if frames else None


def plain_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines, and for a frame that names neither function nor file."""
    step = line.strip()
    if not (step.startswith("at ") and step.endswith(")")):
        return None
    function, _, place = step[2:-1].rpartition(" (")
    match = PLACE.fullmatch(place)
    name = function.strip().lstrip(".").removesuffix("?")
    if match is None or not (name or match["file"]):
        return None
    return StackFrame(name, match["file"], number_or_none(match["line"]))


def described_plain(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and key."""
    function = native_name(frame.function)
    return frame._replace(function=function, owner=plain_owner(frame), key=code_key(function, frame.file))


def plain_owner(frame: StackFrame) -> str:
    """Return whose code the frame is: of functions without a file, only the system's are known."""
    if is_platform(frame.function):
        return RUNTIME
    if not frame.file:
        return UNKNOWN
    return LIBRARY if is_in_library(frame.file) else OWN


READ, DESCRIBE = read_plain, described_plain
