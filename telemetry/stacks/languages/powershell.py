"""
PowerShell: the script's stack of an error record, or the position that its views show.

Forms: https://learn.microsoft.com/dotnet/api/system.management.automation.errorrecord.scriptstacktrace,
https://learn.microsoft.com/dotnet/api/system.management.automation.invocationinfo.positionmessage, and since version
7 `ConciseView`:
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_preference_variables#errorview.
Words are in the language of the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from telemetry.stacks.frame import RaisedError, StackFrame, lines_of
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ("dotnet", "plain")
MARKS = ("<ScriptBlock", ".ps1: ", ".psm1: ", "\n+ ", "Line |")
EXTENSIONS = (".ps1", ".psm1", ".psd1")
FORM = re.compile(
    r"^(?:[ \t]{0,8}at [^\n,]{1,300}+, [^\n]{1,400}: \S{1,12} \d{1,9}\r?$|Line \|\r?$"
    r"|[^\s:]{1,20}+(?: [^\s:]{1,20}+)? (?:[A-Za-z]:)?[^\s:][^\n:]{0,400}+:\d{1,9} ?[^\s:\d]{0,12} ?: ?\d{1,9}"
    r"\r?\n\+ )",
    re.M,
)
FRAME = re.compile(
    r"[ \t]{0,8}at (?P<function>[^\n,]{1,300}), (?P<file>[^\n]{1,400}): \S{1,12} (?P<line>\d{1,9})$"
)
SCRIPT = r"(?P<file>(?:[A-Za-z]:)?[^\n:]{1,400}\.ps[md]?1)"
POSITION = re.compile(
    rf"[^\s:]{{1,20}}(?: [^\s:]{{1,20}})? (?:{SCRIPT}|[^\s:]{{1,20}}):(?P<line>\d{{1,9}}) ?[^\s:\d]{{0,12}} ?: "
    rf"?\d{{1,9}}$"
)
CONCISE = re.compile(rf"(?P<function>[^\s:]{{1,100}}): {SCRIPT}:(?P<line>\d{{1,9}})$")
CONCISE_MESSAGE = re.compile(r" {3,40}\| (?P<message>[^~\s][^\n]{0,1000})$")
VIEWED = re.compile(r"(?:[^\n]{1,300}? : )?(?P<message>[^\n]{1,1000})")
CATEGORY = re.compile(r" {4}\+ CategoryInfo {1,20}: [^\n]{1,300}\], (?P<type>[\w.]{1,200})$")
HEADER = re.compile(r"(?P<type>[A-Za-z_][\w.]{0,200}): (?P<message>[^\n]{0,1000})$")
NOT_A_FILE = "<No file>"
BLOCK = re.compile(r"<[A-Za-z]{1,20}>")  # `<ScriptBlock>`, `<Process>`, `<Begin>`
OWNERS = FileOwners(
    runtime=re.compile(r"^<[^>]{1,30}>$"),  # `<No file>` in the language of the user: what was typed
    library=re.compile(
        r"/(?:Windows)?PowerShell/(?:\d{1,2}/)?Modules/|/Modules/Pester/"
        # A folder for each version:
        # https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_modules
        r"|/\w{0,40}Modules/[^/]{1,100}/\d{1,9}(?:\.\d{1,9}){1,3}/",
        re.I,
    ),
    test=re.compile(r"\.Tests\.ps1$", re.I),  # https://pester.dev/docs/usage/file-placement-and-naming
)


def read_powershell(text: str) -> RaisedError | None:
    """Return the error with its frames; None for a text without one."""
    lines = lines_of(text)
    matches = [match for line in lines if (match := FRAME.match(line))]
    if not matches:
        return viewed(lines)
    header = HEADER.match(lines[0])
    error_type, message = (header["type"], header["message"]) if header else ("", "")
    frames = tuple(StackFrame(match["function"], match["file"], int(match["line"])) for match in matches)
    return RaisedError(error_type, message, frames)


def viewed(lines: Sequence[str]) -> RaisedError | None:
    """Return the error as a view shows it, with the position of its command; None without one."""
    at, place = next(
        (
            (at, match)
            for at, line in enumerate(lines)
            if (match := POSITION.match(line) or CONCISE.match(line))
        ),
        (0, None),
    )
    if place is None:
        return None
    category = next((match for line in lines[at:] if (match := CATEGORY.match(line))), None)
    concise = "function" in place.groupdict()
    texts = (
        (CONCISE_MESSAGE.match(line) for line in lines[at:][::-1])
        if concise
        else map(VIEWED.match, lines[:at])
    )
    message = next((match["message"] for match in texts if match), "")
    frame = StackFrame("", place["file"] or NOT_A_FILE, int(place["line"]))
    return RaisedError(category["type"] if category else "", message, (frame,))


def described_powershell(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key."""
    function = BLOCK.sub("", frame.function).strip()
    return frame._replace(
        function=function, owner=OWNERS.owner_of(frame.file), key=code_key(function, frame.file)
    )


READ, DESCRIBE = read_powershell, described_powershell
