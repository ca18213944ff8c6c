"""
Zig: traces of panics, and of errors that main returned.

Form: https://github.com/ziglang/zig/blob/master/lib/std/debug.zig (`printLineInfo`): place, address, function,
binary, then the line of code and a caret. Packages:
https://ziglang.org/download/0.11.0/release-notes.html#Package-Management
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RaisedError, StackFrame, frames_in, lines_of
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (".zig:",)
EXTENSIONS = (".zig",)
PLACE = r"(?P<file>(?:[A-Za-z]:)?[^\n:]{1,400}):(?P<line>\d{1,9}):\d{1,9}: 0x[0-9a-f]{1,16} in "
FORM = re.compile(rf"^{PLACE}\S", re.M)
FRAME = re.compile(rf"{PLACE}(?P<function>[^\n]{{1,300}}?) \([^()\n]{{1,200}}\)$")
FAILED = re.compile(
    r"(?:[^\n]{0,200}\.\.\. ?)?(?:thread \d{1,20} panic: |error: (?P<type>[A-Z]\w{0,100})$|panic: |error\(\w{1,40}\): "
    r"|(?=(?:Segmentation fault|Bus error|Illegal instruction|General protection exception|Arithmetic exception) at ))"
    r"(?P<message>[^\n]{0,500})"
)
NUMBERED = re.compile(r"__(?:anon|anonymous|struct|enum|union|opaque)_\d{1,9}")
OWNERS = FileOwners(
    runtime=re.compile(
        r"/lib/(?:zig/)?(?:std|compiler_rt|libc|c|test_runner|compiler)(?:/|\.zig$)|/lib/zig/"
    ),
    library=re.compile(r"/\.?(?:cache/)?zig/p/|/(?:deps|libs|\.zigmod|zig-cache|\.zig-cache)/"),
)


def read_zig(text: str) -> RaisedError | None:
    """Return the failure with its frames; None for a text without one."""
    lines = lines_of(text)
    frames = frames_in(lines, zig_frame)
    failed = next((match for line in lines[:50] if (match := FAILED.match(line))), None)
    error_type, message = (failed["type"] or "", failed["message"].strip()) if failed else ("", "")
    return RaisedError(error_type, message, frames) if frames else None


def zig_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines."""
    match = FRAME.match(line)
    return StackFrame(match["function"], match["file"], int(match["line"])) if match else None


def described_zig(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key."""
    function = NUMBERED.sub("", frame.function)
    return frame._replace(
        function=function, owner=OWNERS.owner_of(frame.file), key=code_key(function, frame.file)
    )


READ, DESCRIBE = read_zig, described_zig
