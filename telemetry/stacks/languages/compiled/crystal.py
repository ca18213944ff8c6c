"""
Crystal: backtraces of exceptions with their causes.

Form: https://github.com/crystal-lang/crystal/blob/master/src/exception.cr (`inspect_with_backtrace`) and
https://github.com/crystal-lang/crystal/blob/master/src/exception/call_stack.cr (`decode_frame`). Shards are in `lib`:
https://crystal-lang.org/reference/the_shards_command/
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RaisedError, StackFrame, chained, lines_of, number_or_none
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (" in '",)
EXTENSIONS = (".cr", ".ecr")
PLACE = r"(?:(?P<line>:\d{1,9})(?::\d{1,9})?| \+\d{1,20}) in '"
FORM = re.compile(rf"^[ \t]{{0,8}}(?:from )?\S[^\n']{{0,400}}?{PLACE}", re.M)
FRAME = re.compile(
    rf"[ \t]{{0,8}}(?:from )?(?P<file>\S[^\n']{{0,400}}?){PLACE}(?P<function>[^\n]{{1,400}}?)'$"
)
HEADER = re.compile(
    r"(?P<cause>Caused by: )?(?:Unhandled exception(?: in spawn(?:\(name: [^()\n]{0,100}\))?)?: )?"
    r"(?P<message>[^\n]{0,1000}?) ?"
    r"\((?P<type>[A-Z][\w:]{0,200}(?:\([^()\n]{0,100}\))?)\)$"
)
CAPTURED = re.compile(r"^~proc[^\n]*|^->$|^__crystal_main$")
OWNERS = FileOwners(
    runtime=re.compile(
        r"(?:^|/)[Cc]rystal(?:-lang)?(?:[/-]\d[\w.-]{0,30})?/src/|/share/crystal/|\.(?:c|inl|DLL|dll|so[\d.]*)$"
    ),
    library=re.compile(r"(?:^|/)lib/[^/]{1,100}/src/"),
    test=re.compile(r"_spec\.cr$|(?:^|/)spec/"),  # https://crystal-lang.org/reference/guides/testing.html
)


def read_crystal(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    sections = [RaisedError("", "", ())]
    frames: list[list[StackFrame]] = [[]]
    for line in lines_of(text):
        if match := FRAME.match(line):
            number = number_or_none((match["line"] or "")[1:])
            frames[-1].append(StackFrame(match["function"], match["file"], number))
        elif line.endswith(")") and (header := HEADER.match(line)):
            if header["cause"]:
                sections.append(RaisedError(header["type"], header["message"], ()))
                frames.append([])
            elif not frames[-1]:
                sections[-1] = RaisedError(header["type"], header["message"], ())
    exceptions = [
        section._replace(frames=tuple(each)) for section, each in zip(sections, frames, strict=True)
    ]
    return chained(exceptions) if any(frames) else None


def described_crystal(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its method, its owner and its key."""
    function = CAPTURED.sub("", frame.function)
    return frame._replace(
        function=function, owner=OWNERS.owner_of(frame.file), key=code_key(function, frame.file)
    )


READ, DESCRIBE = read_crystal, described_crystal
