"""
Nim: tracebacks, the innermost frame last, also of asynchronous procs and of exceptions that were raised again.

Form: https://github.com/nim-lang/Nim/blob/devel/lib/system/excpt.nim (`addFrames`, `reraisedFromBegin`) and
https://github.com/nim-lang/Nim/blob/devel/lib/pure/asyncfutures.nim (`injectStacktrace`). Packages:
https://github.com/nim-lang/nimble#nimble-folder-structure-and-packages
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RaisedError, StackFrame, frames_in, lines_of
from telemetry.stacks.languages.compiled.native_names import demangled
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (".nim(",)
EXTENSIONS = (".nim", ".nims")
FRAME = re.compile(
    r"[ \t]{0,8}(?P<file>(?:[A-Za-z]:)?[^\n(:]{1,400}\.nims?)\((?P<line>\d{1,9})(?:, \d{1,9})?\)[ \t]{1,40}"
    r"(?P<function>[^\s(]{1,400})$"
)
FORM = re.compile(r"^[ \t]{0,8}[^\s(][^\n(]{0,400}\.nims?\(\d{1,9}(?:, \d{1,9})?\)[ \t]{1,40}\S", re.M)
RAISED_AGAIN = "[[reraised from:"
HEADER = re.compile(
    r"Error: unhandled exception: (?P<message>[^\n]{0,1000}?)(?: \[(?P<type>[A-Za-z_]\w{0,100})\])?$"
)
ANONYMOUS = frozenset({":anonymous", "anonymous"})
OWNERS = FileOwners(
    runtime=re.compile(
        r"(?:^|/)[Nn]im(?:-[\w.]{1,20})?(?:/\d[\w.]{0,20})?(?:/nim)?/lib/"
        r"|^(?:system|fatal|excpt|chcks|assertions|iterators\w*|async\w+|tables\w*|tableimpl|strutils|sequtils|options"
        r"|os|io|streams|json|parse\w+|times|httpclient|net|nativesockets|locks|threads|future|macros)\.nim$"
    ),
    library=re.compile(r"/\.?nimble/pkgs2?/|/nimbledeps/"),
    test=re.compile(r"(?:^|/)tests/"),
)


def read_nim(text: str) -> RaisedError | None:
    """Return the error with its frames; None for a text without one."""
    lines = lines_of(text)
    again = next((at for at, line in enumerate(lines) if line.startswith(RAISED_AGAIN)), len(lines))
    frames = frames_in(lines[:again], nim_frame) or frames_in(lines[again:], nim_frame)
    header = next((match for line in reversed(lines[-50:]) if (match := HEADER.match(line))), None)
    error_type, message = (header["type"] or "", header["message"]) if header else ("", "")
    return RaisedError(error_type, message, frames[::-1]) if frames else None


def nim_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines."""
    match = FRAME.match(line)
    return StackFrame(match["function"], match["file"], int(match["line"])) if match else None


def described_nim(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its proc, its owner and its key: some versions add the module."""
    name = demangled(frame.function).rpartition("::")[2]
    function = "" if name in ANONYMOUS else name
    return frame._replace(
        function=function, owner=OWNERS.owner_of(frame.file), key=code_key(function, frame.file)
    )


READ, DESCRIBE = read_nim, described_nim
