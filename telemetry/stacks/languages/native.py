"""
C, C++, Objective-C and Swift: backtraces of debuggers, sanitizers, crash reporters and the systems themselves.

gdb: https://sourceware.org/gdb/current/onlinedocs/gdb.html/Backtrace.html. lldb:
https://lldb.llvm.org/use/formatting.html. Sanitizers:
https://github.com/google/sanitizers/wiki/AddressSanitizerCallStack. glibc:
https://man7.org/linux/man-pages/man3/backtrace.3.html. Apple:
https://developer.apple.com/documentation/xcode/examining-the-fields-in-a-crash-report. Swift:
https://github.com/swiftlang/swift/blob/main/docs/Backtracing.rst. Android:
https://source.android.com/docs/core/tests/debug. C++: https://www.boost.org/doc/libs/release/doc/html/stacktrace.html.
Windows: `module!function [file @ line]`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from telemetry.stacks.frame import (
    LIBRARY,
    OWN,
    RUNTIME,
    UNKNOWN,
    RaisedError,
    StackFrame,
    lines_of,
    number_or_none,
)
from telemetry.stacks.languages.native_names import is_platform, native_name
from telemetry.stacks.places import is_in_library, short_place, slashed, without_builds

BEFORE = ("plain",)
MARKS = ("0x", "#", "!", "[inlined]", "> ")
EXTENSIONS = (
    ".c",
    ".cc",
    ".cpp",
    ".cxx",
    ".h",
    ".hh",
    ".hpp",
    ".hxx",
    ".m",
    ".mm",
    ".swift",
    ".inl",
    ".ipp",
    ".tcc",
)
HEX = r"0x[0-9a-fA-F]{1,16}"
AT_FILE = r"(?P<file>(?:[A-Za-z]:)?(?:[/\\.][^\n:]{1,400}|[^\s:]{1,400})):(?P<line>\d{1,9})(?::\d{1,9})?"
# The form of one tool in each: the function and its place, or the binary image, with an offset where no name is known.
FORMS = tuple(
    re.compile(form)
    for form in (
        rf"#\d{{1,4}} {HEX} (?:in (?P<function>[^\n]{{1,500}}?) )?"
        rf"(?:{AT_FILE}|\((?P<image>[^()\n]{{1,400}}?)\+0x(?P<offset>[0-9a-f]{{1,16}})\)"
        rf"(?: \(BuildId[^)\n]{{1,80}}\))?)$",
        rf"#\d{{1,4}} {{1,3}}(?:{HEX} in )?(?P<function>[^\n]{{1,500}}?) \([^\n]{{0,600}}\)"
        rf"(?: at {AT_FILE}| from (?P<image>\S{{1,400}}))$",
        rf"#\d{{1,4}} {{1,3}}{HEX} in (?P<function>[^\n]{{1,500}}?) \([^\n]{{0,600}}\)$",
        r"#\d{2,4} pc (?P<offset>[0-9a-f]{8,16})[ \t]{1,4}(?P<image>\S{1,300})(?: \("
        r"(?!BuildId)(?P<function>[^\n]{1,400}?)(?:\+\d{1,9})?\))?"
        r"(?: \(BuildId: [^)\n]{1,80}\))?$",
        rf"(?:\* )?frame #\d{{1,4}}: {HEX} (?P<image>[^`\n]{{1,200}})`(?P<function>[^\n]{{1,500}}?)"
        rf"(?: \+ \d{{1,9}})?(?: at {AT_FILE})?$",
        rf"\d{{1,4}}(?: \[[a-z]{{2,12}}\]){{0,3}}(?: {HEX}| \[inlined\]) (?P<function>[^\n]{{1,500}}?)"
        rf"(?: \+ \d{{1,9}})?"
        rf" in (?P<image>[^\n/]{{1,200}}?)(?: at {AT_FILE})?$",
        rf"\d{{1,4}}[ \t]{{1,8}}(?P<image>\S[^\n]{{0,100}}?)[ \t]{{1,40}}{HEX} "
        rf"(?:(?:{HEX}|<unavailable>) \+ (?P<offset>\d{{1,12}})|(?P<function>[^\n]{{1,500}}?) \+ \d{{1,9}})"
        r"(?: \((?P<file>[^():\n]{1,300}?)(?::(?P<line>\d{1,9}))?\))?$",
        rf"{HEX}, (?P<function>[^\n]{{1,500}}?) at {AT_FILE}$",
        rf"(?P<image>[^\s(]{{1,300}})\((?P<function>[^()+\n]{{0,300}})(?:\+0x"
        rf"(?P<offset>[0-9a-f]{{1,16}}))?\) ?\[{HEX}\]$",
        rf"\d{{1,4}}# (?P<function>[^\n]{{1,500}}?) (?:at {AT_FILE}|in (?P<image>\S{{1,300}}))$",
        rf"(?:\d{{1,4}}[ \t]{{1,4}})?(?P<image>[\w.-]{{1,100}})!(?P<function>[^\n\[]{{1,400}}?)(?:\+{HEX})?"
        r" \[(?P<file>[^\n\]@]{1,300}?) (?:: |@ )(?P<line>\d{1,9})[^\]\n]{0,20}\]$",
        rf"\d{{1,4}}> (?P<file>[^\n(]{{1,400}})\((?P<line>\d{{1,9}})\): (?P<image>[\w.-]{{1,100}})!"
        rf"(?P<function>[^\n]{{1,400}}?)\+{HEX}$",
    )
)
FORM = re.compile(
    rf"^[ \t]{{0,20}}(?:#\d{{1,4}} {{1,3}}{HEX} |#\d{{1,4}} {{1,3}}[^\n]{{1,400}}\) (?:at|from) [^\n]"
    rf"|#\d{{2,4}} pc [0-9a-f]"
    rf"|(?:\* )?frame #\d|\d{{1,4}}(?: \[[a-z]{{2,12}}\]){{0,3}}[^\n]{{1,150}}{HEX} "
    rf"|\d{{1,4}} \[inlined\]|{HEX}, [^\n]{{1,500}} at "
    rf"|[^\s(]{{1,300}}\([^()\n]{{0,320}}\) ?\[{HEX}\]|\d{{1,4}}# "
    rf"|[^\n]{{0,8}}?[\w.-]{{1,100}}![^\n]{{1,400}} \[|\d{{1,4}}> [^\n(]{{1,400}}\(\d)",
    re.M,
)
# Where a report of several threads has the one that failed.
CRASHED = re.compile(
    r"(?:Last Exception Backtrace|\*{0,3} ?First throw call stack|Thread \d{1,5}[^\n]{0,200} [Cc]rashed)"
)
NEXT_THREAD = re.compile(r"(?:Thread \d{1,5}|Binary Images|Registers)\b")
REASON = re.compile(r"uncaught exception '(?P<type>[^'\n]{1,200}+)', reason: '(?P<message>[^\n]{0,1000}+)")
SYSTEM_IMAGE = re.compile(
    r"^/(?:usr/)?lib(?:64|32)?/|^/(?:System|apex|system)/|^(?:libsystem_|libc[.+-]|libc\+\+|libobjc"
    r"|libdispatch|libswift"
    r"|libdyld|dyld|ld-|libpthread|libstdc\+\+|libgcc|libm\.|libart|libandroid|libbinder|ntdll|kernel(?:32|base)"
    r"|KERNEL(?:32|BASE)|ucrtbase|msvc|vcruntime|user32|CoreFoundation|Foundation|UIKit|AppKit|SwiftUI|QuartzCore"
    r"|GraphicsServices|CFNetwork|CoreData|CoreGraphics|Combine|AttributeGraph|FrontBoard|XCTest|libXCTest|Metal"
    r"|AVFoundation|JavaScriptCore|WebKit|WebCore|HIToolbox)"
)
LIBRARY_FILE = re.compile(
    r"^/(?:usr/include|build/glibc|usr/src)/|/sysdeps/|/libstdc\+\+-v3/|(?:^|/)(?:third_party|external|extern)/"
)
RUNTIME_FILE = re.compile(
    r"/sysdeps/|/glibc-|/libstdc\+\+-v3/|/bits/stl_|/c\+\+/(?:v?\d|v1)|<compiler-generated>|/swift/stdlib/"
)
BY_OFFSET = re.compile(r"^[^\s()]{1,300}\+0x[0-9a-f]{1,16}$")


def read_native(text: str) -> RaisedError | None:
    """Return the failure of the thread that failed; None for a text without a frame."""
    lines = [line.strip() for line in lines_of(text)]
    frames = tuple(frame for line in failed_thread(lines) if (frame := native_frame(line)))
    reason = next((match for line in lines[:50] if (match := REASON.search(line))), None)
    error_type, message = (reason["type"], reason["message"].removesuffix("'")) if reason else ("", "")
    return RaisedError(error_type, message, frames) if frames else None


def failed_thread(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of the thread that a report names as the failing one; all lines where it names none."""
    start = next((at for at, line in enumerate(lines) if CRASHED.match(line)), None)
    if start is None:
        return lines
    rest = lines[start + 1 :]
    end = next((at for at, line in enumerate(rest) if NEXT_THREAD.match(line)), len(rest))
    return rest[:end]


def native_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines, and for an address of which nothing is known."""
    match = next((match for form in FORMS if (match := form.match(line))), None)
    if match is None:
        return None
    facts = match.groupdict()
    function, image = (facts.get("function") or "").strip(), facts.get("image") or ""
    if function in ("", "??", "<unknown>", "<unavailable>"):
        function = (
            f"{image_name(image)}+{offset_of(facts.get('offset'))}" if facts.get("offset") and image else ""
        )
    if not function and not facts.get("file"):
        return None
    owner = image_owner(function, image) if image and not facts.get("file") else UNKNOWN
    return StackFrame(function, facts.get("file") or "", number_or_none(facts.get("line")), owner)


def image_name(image: str) -> str:
    """Return the name of the binary without its folders, which differ between machines."""
    return slashed(image).rpartition("/")[2].replace(" ", "_")


def offset_of(digits: str | None) -> str:
    """Return an offset as hexadecimal digits: Apple writes decimal ones, other systems leading zeros."""
    text = digits or "0"
    return (
        hex(int(text))
        if text.isdigit() and not text.startswith("0") and len(text) < 8
        else f"0x{text.lstrip('0')}"
    )


def image_owner(function: str, image: str) -> str:
    """Return whose code the function is, by the binary that holds it."""
    if is_platform(function) or SYSTEM_IMAGE.match(image) or SYSTEM_IMAGE.match(image_name(image)):
        return RUNTIME
    return LIBRARY if is_in_library(image) else OWN


def described_native(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key; an offset stays as it is."""
    if BY_OFFSET.match(frame.function):
        return frame._replace(key=frame.function)
    function = native_name(frame.function)
    key = without_builds(f"{function} {short_place(frame.file)}".strip())
    return frame._replace(function=function, owner=native_owner(frame), key=key)


def native_owner(frame: StackFrame) -> str:
    """Return whose code the function is, by its file; without one, only the system's functions are known."""
    path = slashed(frame.file)
    if is_platform(frame.function) or RUNTIME_FILE.search(path):
        return RUNTIME
    if not path:
        return UNKNOWN
    return LIBRARY if is_in_library(path) or LIBRARY_FILE.search(path) else OWN


READ, DESCRIBE = read_native, described_native
