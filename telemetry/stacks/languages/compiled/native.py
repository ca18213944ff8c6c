"""
C, C++, Objective-C and Swift: backtraces of debuggers, sanitizers, crash reporters and the systems themselves.

Their forms are in native_forms.py, what they say before the frames in native_reasons.py.
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
    frames_in,
    lines_of,
    number_or_none,
)
from telemetry.stacks.languages.compiled.native_forms import ANY_LINE, HASH, OTHERS
from telemetry.stacks.languages.compiled.native_names import is_platform, native_name
from telemetry.stacks.languages.compiled.native_reasons import LINES_READ, PLACED, reason_of
from telemetry.stacks.places import code_key, is_in_library, slashed

BEFORE = ("plain",)
MARKS = (
    "0x",
    "#",
    "!",
    "[inlined]",
    "> ",
    "@ ",
    "ssertion ",
    "atal error",
    "runtime error: ",
    "recondition failed",
)
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
FORM = re.compile(f"{ANY_LINE}|{PLACED}", re.M)
# Where a report of several threads has the one that failed: gdb calls that of a core dump the first.
CRASHED = re.compile(
    r"(?:Last Exception Backtrace|\*{0,3} ?First throw call stack|Thread \d{1,5}[^\n]{0,200} [Cc]rashed"
    r"|Thread 1 \(|Stack trace of thread \d)"
)
NEXT_THREAD = re.compile(
    r"(?:Thread \d{1,5}|Binary Images|Registers|Stack trace of thread|ELF object|SUMMARY: )\b"
    # Where else the memory was used, or the thread was made.
    r"|(?:freed|previously allocated|allocated|Previous (?:atomic )?(?:read|write))\b[^\n]{0,200} by "
    r"|Thread T\d{1,5} [^\n]{0,100}created by |Uninitialized value was "
)
SYSTEM_IMAGE = re.compile(
    r"^com\.apple\.|^/(?:usr/)?lib(?:64|32)?/|^/(?:System|apex|system)/|^(?:libsystem_|libc[.+-]|libc\+\+|libobjc"
    r"|libdispatch|libswift|lib_?Foundation|libBlocksRuntime"
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
AROUND = ' \t",'  # of a line; a printed array has quotes and commas around its texts
PRINTED, BETWEEN = '["', '", "'  # an array of Swift, in one line
SIGNAL = re.compile(r"#\d{1,4} {1,3}<signal handler called>$")
FIRST = re.compile(r"(?:#|frame #|\* frame #)?0+\b")
NOTHING = re.compile(
    r"(?:\?\?|n/a|\(unknown\)|<unknown>|<unavailable>|<redacted>|0x[0-9a-fA-F]{1,16}(?: \+ \d{1,12})?)?"
)
BY_OFFSET = re.compile(r"^[^\s()]{1,300}\+0x[0-9a-f]{1,16}$")


def read_native(text: str) -> RaisedError | None:
    """Return the failure of the thread that failed; None for a text without a frame or a place."""
    if text.startswith(PRINTED):
        text = text.strip().removeprefix("[").removesuffix("]").replace(BETWEEN, "\n")
    lines = [line.strip(AROUND) for line in lines_of(text)]
    frames = frames_in(below_signal(failed_thread(lines)), native_frame)
    told = reason_of(lines[:LINES_READ])
    if frames:
        told = told._replace(frames=(*told.frames, *frames) if is_stripped(frames) else frames)
    return told if told.frames else None


def is_stripped(frames: Sequence[StackFrame]) -> bool:
    """Whether the frames have neither files nor names, but for those of the system."""
    return not any(frame.file for frame in frames) and all(
        BY_OFFSET.match(frame.function) or frame.owner == RUNTIME for frame in frames
    )


def failed_thread(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of the thread that a report names as the failing one, else those up to the next one."""
    start = next((at for at, line in enumerate(lines) if CRASHED.match(line)), -1)
    rest = lines[start + 1 :]
    first = next((at for at, line in enumerate(rest) if FIRST.match(line)), len(rest))
    end = next((at for at, line in enumerate(rest) if at > first and NEXT_THREAD.match(line)), len(rest))
    return rest[:end]


def below_signal(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines below the frame of a signal, if there is one: what stands above it handled the signal."""
    at = next((at for at, line in enumerate(lines) if SIGNAL.match(line)), -1)
    return lines[at + 1 :]


def native_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines, and for an address of which nothing is known."""
    if line.startswith("#"):
        match = next((match for form in HASH if (match := form.match(line))), None)
    else:
        match = next((match for form in OTHERS if (match := form.match(line))), None)
    if match is None:
        return None
    facts = match.groupdict()
    function, image = (facts.get("function") or "").strip(), facts.get("image") or ""
    if NOTHING.fullmatch(function):
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
    return frame._replace(function=function, owner=native_owner(frame), key=code_key(function, frame.file))


def native_owner(frame: StackFrame) -> str:
    """Return whose code the function is, by its file; without one, only the system's functions are known."""
    path = slashed(frame.file)
    if is_platform(frame.function) or RUNTIME_FILE.search(path):
        return RUNTIME
    if not path:
        return UNKNOWN
    return LIBRARY if is_in_library(path) or LIBRARY_FILE.search(path) else OWN


READ, DESCRIBE = read_native, described_native
