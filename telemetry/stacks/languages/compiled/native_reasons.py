"""
What native programs say before their stack: the kind of the failure, its message, and perhaps its place.

Exceptions of Objective-C: https://developer.apple.com/documentation/foundation/nsexception. Sanitizers:
https://github.com/google/sanitizers/wiki/AddressSanitizerFlags,
https://clang.llvm.org/docs/UndefinedBehaviorSanitizer.html. C++:
https://gcc.gnu.org/onlinedocs/libstdc++/manual/termination.html. Assertions:
https://pubs.opengroup.org/onlinepubs/9799919799/functions/assert.html. Swift:
https://github.com/swiftlang/swift/blob/main/stdlib/public/core/AssertCommon.swift. glog:
https://google.github.io/glog/stable/logging/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from telemetry.stacks.frame import RaisedError, StackFrame, number_or_none

LINES_READ = 60  # of a text
PLACE = r"(?P<file>[^\s:\"'][^\n:\"']{0,300}+):(?P<line>\d{1,9}+)"
ASSERTED = (
    r"Assertion failed: \((?P<message>(?:(?!\), function |Assertion failed: \()[^\n]){1,400}+)\), function "
)
REASONS = tuple(
    re.compile(form)
    for form in (
        r"uncaught exception '(?P<type>[^'\n]{1,200}+)', reason: '(?P<message>[^\n]{0,1000}+)",
        r"(?:ERROR|WARNING): (?:Address|Thread|Memory|Leak|HWAddress)Sanitizer: "
        r"(?P<type>[A-Za-z][\w-]{0,60}(?: race)?)",
        rf"^{PLACE}:\d{{1,9}}: runtime error: (?P<message>[^\n]{{1,500}})",
        r"terminate called after throwing an instance of '(?P<type>[^'\n]{1,200}+)'",
        r"^[ \t]{0,4}what\(\): {1,2}(?P<message>[^\n]{0,800})",
        rf"{ASSERTED}(?P<function>[^\s,]{{1,200}}+), file (?P<file>[^\n,]{{1,300}}+), line (?P<line>\d{{1,9}})",
        rf"^(?:[^\s:]{{1,200}}+: )?{PLACE}: (?P<function>(?:(?!: Assertion )[^\n]){{1,300}}+): "
        r"Assertion [`'](?P<message>[^\n']{1,400}+)' failed",
        rf"^{PLACE}: (?:Fatal error|Assertion failed|Precondition failed)(?:: (?P<message>[^\n]{{0,500}}))?",
        r"(?:[Ff]atal error|Assertion failed|Precondition failed): "
        r"(?P<message>(?:(?!: file |atal error: |(?:Assertion|Precondition) failed: )[^\n]){0,500}+)"
        r": file (?P<file>[^\n,:]{1,300}+), line (?P<line>\d{1,9})$",
        r"^[FE]\d{4,8} [\d:.]{8,20} {1,8}\d{1,10} (?P<file>[\w./-]{1,200}):(?P<line>\d{1,9})\] "
        r"(?P<message>[^\n]{1,800})",
    )
)
# Of reasons that say a place, so that the text needs no stack.
PLACED = (
    r"\), function [^\s,]{1,200}+, file [^\n,]{1,300}+, line \d|: Assertion [`'][^\n']{1,400}+' failed"
    r"|[^\s:]:\d{1,9}: (?:Fatal error|Assertion failed|Precondition failed)|:\d{1,9}:\d{1,9}: runtime error: "
    r"|: file [^\n,:]{1,300}+, line \d"
)
OF_SWIFT = re.compile(
    r"^Swift/|/swift/stdlib/"
)  # the standard library says where it found the mistake of its caller


def reason_of(lines: Iterable[str]) -> RaisedError:
    """Return the exception as the lines before a stack tell it, with its place as a frame, if they have one."""
    told = {"type": "", "message": "", "function": "", "file": "", "line": ""}
    for line in lines:
        facts = next((match.groupdict() for form in REASONS if (match := form.search(line))), {})
        told |= {name: text for name, text in facts.items() if text and not told[name]}
    place = StackFrame(told["function"], told["file"], number_or_none(told["line"]))
    is_known = bool(told["file"]) and not OF_SWIFT.search(told["file"])
    message = told["message"]
    if message.count("'") % 2:  # of an exception of Objective-C, whose text is in quotes
        message = message.removesuffix("'")
    return RaisedError(told["type"], message, (place,) if is_known else ())
