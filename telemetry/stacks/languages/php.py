"""
PHP: traces as `Throwable::__toString` and `getTraceAsString` give them.

Forms: https://www.php.net/manual/en/throwable.tostring.php. A frame says where its function was called, and the first
line where the exception was thrown. The causes come before the exception, which begins with `Next`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from telemetry.stacks.frame import (
    LIBRARY,
    MAX_FRAMES,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    chained,
    lines_of,
    number_or_none,
)
from telemetry.stacks.places import code_key, is_in_library, slashed

BEFORE = ()
MARKS = ("#0 ", "#1 ", "#2 ")
EXTENSIONS = (".php", ".phtml", ".twig", ".phar")
FORM = re.compile(
    r"^#\d{1,4} (?:[^\n(]{1,400}(?:\([^)\n]{1,200}\)[^\n(]{0,200})?\(\d{1,9}\)|\[internal function\]): ", re.M
)
FRAME = re.compile(
    r"#\d{1,4} (?:(?P<file>[^\n]{1,500}?)\((?P<line>\d{1,9})\)|\[internal function\]): (?P<function>[^\n]{1,400})$"
)
MAIN = re.compile(r"#\d{1,4} \{main\}")
THROWN = re.compile(
    r"(?:PHP )?(?:Fatal error: {1,2}Uncaught )?(?:Next )?(?P<type>[A-Za-z_\\][\w\\]{0,300}+)(?P<rest>(?:: | in |:?$).*)"
)
LINE = re.compile(r"(?::| on line |\()(?P<line>\d{1,9})\)?:?$")
LONGEST_FILE = 400
NEXT = "Next "
CLOSURE = re.compile(r"\{closure(?::(?P<of>[^{}\n]{1,300}?)(?:\(\))?:\d{1,9})?\}")
ANONYMOUS = re.compile(r"class@anonymous(?:[^\n:-]|-(?!>)|:(?!:)){0,300}+")
TEST_FILE = re.compile(r"Test\.php$|(?:^|/)tests/")  # https://docs.phpunit.de/en/11.5/organizing-tests.html


class ThrownError(NamedTuple):
    """The line of an exception: its class, and if they are told its message and its place."""

    error_type: str
    message: str
    file: str
    line: int | None


def read_php(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    sections: list[list[str]] = [[]]
    for line in lines_of(text):
        if line.startswith(NEXT):
            sections.append([])
        sections[-1].append(line)
    exceptions = [php_error(section) for section in sections]
    return chained(exceptions[::-1]) if any(raised.frames for raised in exceptions) else None


def php_error(lines: Sequence[str]) -> RaisedError:
    """Return the exception of the lines."""
    frames = [frame_of_call(match) for line in lines if (match := FRAME.match(line.lstrip()))]
    head = next((line for line in lines if line.strip()), "")
    thrown = thrown_in(head.strip())
    place = next((each for line in lines[:20] if (each := thrown_in(line.strip())) and each.file), None)
    if place:
        frames = shifted(frames, place)
    error_type = thrown.error_type.lstrip("\\") if thrown else ""
    return RaisedError(error_type, thrown.message if thrown else "", tuple(frames[:MAX_FRAMES]))


def thrown_in(line: str) -> ThrownError | None:
    """The exception of `Error: no stock in /srv/app.php:12`, whose place is behind the last ` in `; else None."""
    match = THROWN.match(line)
    if match is None:
        return None
    message, file, number = match["rest"].removesuffix(":"), "", LINE.search(match["rest"])
    if number:
        before, behind, place = match["rest"][: number.start()].rpartition(" in ")
        if behind and 0 < len(place) <= LONGEST_FILE:
            message, file = before, place
    if message and not message.startswith(": "):
        return None
    return ThrownError(
        match["type"], message[2:], file, number_or_none(number["line"]) if number and file else None
    )


def frame_of_call(match: re.Match[str]) -> StackFrame:
    """Return the frame of a line: the place of a call, and the function that was called."""
    return StackFrame(called(match["function"]), match["file"] or "", number_or_none(match["line"]))


def called(call: str) -> str:
    """Return the function of a call with its arguments: `Shop\\Repo->find` for `Shop\\Repo->find(Object(Order))`."""
    closure = CLOSURE.search(call)
    if closure:
        return call[: closure.start()] + (closure["of"] or "{closure}")
    return call.partition("(")[0]


def shifted(calls: Sequence[StackFrame], thrown: ThrownError) -> list[StackFrame]:
    """Return the functions with the places in them: each call stands in the function of the frame behind it."""
    places = [(thrown.file, thrown.line), *((call.file, call.line) for call in calls)]
    functions = [*(call.function for call in calls), ""]
    return [
        StackFrame(function, file, line) for function, (file, line) in zip(functions, places, strict=True)
    ]


def described_php(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key."""
    function = ANONYMOUS.sub("class@anonymous", frame.function)
    owner = php_owner(frame.file)
    return frame._replace(function=function, owner=owner, key=code_key(function, frame.file))


def php_owner(file: str) -> str:
    """Return whose code the file holds: PHP's own functions have none."""
    path = slashed(file)
    if not path or path.startswith("phar://"):
        return LIBRARY if path else RUNTIME
    if is_in_library(path):
        return LIBRARY
    return TEST if TEST_FILE.search(path) else OWN


READ, DESCRIBE = read_php, described_php
