"""
PowerShell: the script's stack of an error record.

Form: https://learn.microsoft.com/dotnet/api/system.management.automation.errorrecord.scriptstacktrace
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import LIBRARY, OWN, RUNTIME, TEST, RaisedError, StackFrame, lines_of
from telemetry.stacks.places import short_place, slashed, without_builds

BEFORE = ("dotnet", "plain")
MARKS = ("at ",)
EXTENSIONS = (".ps1", ".psm1", ".psd1")
FORM = re.compile(r"^[ \t]{0,8}at [^\n,]{1,300}, [^\n]{1,400}: \S{1,12} \d{1,9}\r?$", re.M)
FRAME = re.compile(
    r"[ \t]{0,8}at (?P<function>[^\n,]{1,300}), (?P<file>[^\n]{1,400}): \S{1,12} (?P<line>\d{1,9})$"
)
HEADER = re.compile(r"(?P<type>[A-Za-z_][\w.]{0,200}): (?P<message>[^\n]{0,1000})$")
NO_FILE = re.compile(r"^<[^>]{1,30}>$")  # `<No file>`, in the language of the user
BLOCK = re.compile(r"<[A-Za-z]{1,20}>")  # `<ScriptBlock>`, `<Process>`, `<Begin>`
LIBRARY_FILE = re.compile(
    r"/(?:Windows)?PowerShell/(?:\d{1,2}/)?Modules/|/powershell/(?:\d{1,2}/)?Modules/|/Modules/Pester/", re.I
)
TEST_FILE = re.compile(r"\.Tests\.ps1$", re.I)  # https://pester.dev/docs/usage/file-placement-and-naming


def read_powershell(text: str) -> RaisedError | None:
    """Return the error with its frames; None for a text without one."""
    lines = lines_of(text)
    matches = [match for line in lines if (match := FRAME.match(line))]
    header = HEADER.match(lines[0])
    error_type, message = (header["type"], header["message"]) if header else ("", "")
    frames = tuple(StackFrame(match["function"], match["file"], int(match["line"])) for match in matches)
    return RaisedError(error_type, message, frames) if frames else None


def described_powershell(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key."""
    function = BLOCK.sub("", frame.function).strip()
    key = without_builds(f"{function} {short_place(frame.file)}".strip())
    return frame._replace(function=function, owner=powershell_owner(frame.file), key=key)


def powershell_owner(file: str) -> str:
    """Return whose code the file holds: what has no file was typed, or is a part of the runtime."""
    path = slashed(file)
    if NO_FILE.match(path):
        return RUNTIME
    if LIBRARY_FILE.search(path):
        return LIBRARY
    return TEST if TEST_FILE.search(path) else OWN


READ, DESCRIBE = read_powershell, described_powershell
