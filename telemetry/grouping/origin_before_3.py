"""
Where a failure was raised, by the rules of versions 1 and 2 of fingerprints, which read the stacks of all languages
here.

These versions need this file, and nothing else does: projects keep their fingerprints, so nothing here may change.
Newer versions read stacks by telemetry/stacks (origin.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from telemetry.failures.stacktrace import TRACEBACK
from telemetry.short_cache import cached_if_short

CAUSED_BY = "\nCaused by: "
MAX_LENGTH = 16_000  # characters searched, from the end that holds the raised exception
MAX_FRAMES, MAX_CAUSES = 200, 20
FRAMES_KNOWN = 2048  # cached frames: the same few recur
JOINT = " < "  # between frames, innermost first
MAX_PATH = 60  # frames used of a stack without files
# Stacks come from outside. Each repetition is bounded, and none is tried again within another: the last parenthesis
# after a name of Go opens its arguments, and the line ends with the one that closes them.
PYTHON = re.compile(r'File "(?P<file>[^"\n]{1,400})", line \d+, in (?P<function>\S{1,200})')
OTHERS = {
    ".go:": re.compile(
        r"^(?>(?P<function>[\w./*()-]{1,300})\()[^\n]{1,401}+(?<=\))\n\t(?P<file>\S{1,400}?\.go):\d+", re.M
    ),
    ".rb:": re.compile(
        r"^[ \t]*(?:from )?(?P<file>[^\s:]{1,400}\.rb):\d+:in [`'](?P<function>[^'\n]{1,200})'", re.M
    ),
    ".php(": re.compile(r"^#\d+ (?P<file>[^\s(]{1,400}\.php)\(\d+\): (?P<function>[^(\n]{1,200})\(", re.M),
}
POSITION = re.compile(r"(?::\d*){1,2}$|:line \d+$")
NO_FILE = frozenset({"Native Method", "Unknown Source", "native", "<unknown>", "unknown"})
# Code of the language and its test runners, which says nothing about a failure, and of libraries, which says little.
FOREIGN = re.compile(
    r"(?P<runtime>node:|<anonymous>|/lib/python[\d.]+/(?!site-packages|dist-packages)|<frozen|<string>|\$bunfs"
    r"|/lib/ruby/\d|/usr/local/go/|/usr/lib/go|^runtime[./]"
    r"|^(?:java|javax|jdk|sun|kotlin|kotlinx|scala|android|androidx|dalvik|libcore|com\.sun|com\.android|junit"
    r"|org\.junit|org\.testng|org\.mockito|org\.hamcrest|System|Microsoft)[./])"
    r"|(?P<library>node_modules|site-packages|dist-packages|/gems/|/lib/ruby/|/vendor/|/pkg/mod/"
    r"|^(?:jakarta|reactor|org\.(?:springframework|apache|hibernate|eclipse)"
    r"|io\.(?:netty|opentelemetry|grpc|vertx)|com\.(?:fasterxml|zaxxer|google\.common))[./])",
    re.M,
)
# Functions that only report a failure of their caller.
MESSENGER = re.compile(
    r"(?:Preconditions|Asserts?|Assertions|Validate|Objects)\.\w+$"
    r"|(?:^|[.:#>_-])(?:throw|raise|fail|report|panic|abort|assert|check|ensure|require|verify)(?:$|[A-Z_:])"
    r"|terminat|pthread_kill|^_*kill$|crashpad|gsignal|RaiseException|UnhandledException"
    r"|objc_exception|exceptionPreprocess|cxa_(?:re)?throw"
)
# Functions of the platform between a failure and the code that caused it, in stacks that name no files. They change
# with the graphics card, the version of the system, and what could be symbolicated; the application's call stays. The
# selection follows the categories driver, gl, load, threadbase and throw of
# https://github.com/getsentry/sentry/blob/master/src/sentry/grouping/enhancer/enhancement-configs
PLATFORM_FRAMES = re.compile(
    # A graphics driver and its library. The code that drew identifies the failure, not the graphics card.
    r"^(?:gpus[A-Z]|gl[a-z]?[A-Z]|CGL[A-Z]|[iI]ntel[A-Z]|IOAccel)"
    # The dynamic loader, inside dlopen: https://github.com/apple-oss-distributions/dyld
    r"|^(?:ImageLoader\w*|dyld\d?)::|^dlopen_internal$"
    # Functions that run an event loop or start a thread are at the bottom of every stack.
    r"|^_*CFRUNLOOP_|^_*CFRunLoop|^start(?:_wqthread)?$|^_?(?:pthread|thread)_(?:start|wqthread|body)$"
    r"|^_dispatch_(?:client_callout|root_queue|worker_thread)|^BaseThreadInitThunk$|^RtlUserThreadStart$|^TppWorker"
    # Ends the process when a running thread is destroyed: https://en.cppreference.com/w/cpp/thread/thread/~thread
    r"|(?:^|::)thread::~thread$"
)
METHOD_OF_ERROR = re.compile(r"(?:Exception|Error)s?[.:#]{1,2}\S")
COUNTERS = re.compile(r"\$\d+|\.cold(?:\.\d+)?$|\.(?:isra|part|constprop)\.\d+|(?<=lambda)\$\w+\$\d+")
RUN_OF_DIGITS = re.compile(r"[0-9a-f]{8,}|\d{3,}")


class Frame(NamedTuple):
    """One frame of a stack; "" for unknown parts."""

    function: str
    file: str

    @property
    def is_own(self) -> bool:
        """Whether the frame is the application's own: its file is known, and is not the language's or a library's."""
        return bool(self.file) and not frame_owner(self)

    def __str__(self) -> str:
        """Return `orderTotal src/orders.js`: one folder distinguishes files, those above it change with releases."""
        place = "/".join(self.file.replace("\\", "/").split("/")[-2:])
        return RUN_OF_DIGITS.sub("*", f"{COUNTERS.sub('', self.function)} {place}".strip())[:200]


@cached_if_short(FRAMES_KNOWN)
def frame_owner(frame: Frame) -> str:
    """Return whose code the frame is: `runtime`, `library`, or "" for the application's own."""
    match = FOREIGN.search(f"{frame.file}\n{frame.function}")
    return match.lastgroup or "" if match else ""


def failure_origin(stack: str, depth: int, skips_platform_frames: bool) -> str:
    """
    Return the part of a stack that distinguishes bugs: the innermost frames that say where it was raised, or "".

    Args:
        depth: number of frames. An exception with a message was thrown on purpose, and its caller says more.
        skips_platform_frames: whether functions of the platform are left out of stacks without files.
    """
    parts = [stack] if TRACEBACK in stack else reversed(stack.rsplit(CAUSED_BY, MAX_CAUSES))
    return next(
        (place for part in parts if (place := origin_in(frames(part), depth, skips_platform_frames))), ""
    )


def origin_in(stack: Iterable[Frame], depth: int, skips_platform_frames: bool) -> str:
    """Return the innermost own frames; without one, library frames; without files, the path of functions."""
    inner_frames: list[Frame] = []
    own_frames: list[Frame] = []
    for frame in stack:
        inner_frames.append(frame)
        if frame.is_own and not says_only(frame):
            own_frames.append(frame)
            if len(own_frames) == depth:
                break
    outside = inner_frames[: inner_frames.index(own_frames[0])] if own_frames else inner_frames
    not_runtime = [frame for frame in outside if frame_owner(frame) != "runtime"]
    if any(not frame.file for frame in not_runtime):
        return function_path([*outside, *own_frames[:1]], skips_platform_frames)
    candidates = own_frames or [frame for frame in not_runtime if not says_only(frame)] or not_runtime
    return JOINT.join(map(str, candidates[:depth])) or function_path(inner_frames, skips_platform_frames)


@cached_if_short(FRAMES_KNOWN)
def says_only(frame: Frame) -> bool:
    """Whether the frame's function only reports a failure of its caller, such as a method of an error's class."""
    last_word = frame.function.rsplit(None, 1)[-1:] if not frame.function[-1:].isspace() else []
    return bool(MESSENGER.search(frame.function) or any(map(METHOD_OF_ERROR.search, last_word)))


def function_path(stack: list[Frame], skips_platform_frames: bool) -> str:
    """Return the stack's functions, innermost first, each once, from the first that does more than report."""
    steps = [frame for frame in stack if frame.function]
    if skips_platform_frames:
        steps = [frame for frame in steps if not PLATFORM_FRAMES.search(frame.function)] or steps
    start = next((index for index, frame in enumerate(steps) if not says_only(frame)), 0)
    functions = dict.fromkeys(frame.function for frame in steps[start : start + MAX_PATH])
    return RUN_OF_DIGITS.sub("*", JOINT.join(functions))


def frames(stack: str) -> Iterator[Frame]:
    """Return the frames, nearest to the failure first."""
    if TRACEBACK in stack:
        last_part = stack.rpartition(TRACEBACK)[2][-MAX_LENGTH:]
        return islice(matched(reversed(list(PYTHON.finditer(last_part)))), MAX_FRAMES)
    top = stack[:MAX_LENGTH]
    result = at_lines(top) if "at " in top else iter(())
    for mark, pattern in OTHERS.items():
        if mark in top:
            result = matched(pattern.finditer(top))
    return islice(result, MAX_FRAMES)


def matched(matches: Iterable[re.Match[str]]) -> Iterator[Frame]:
    """Return the frames in the matches of a language's pattern."""
    return (Frame(match["function"], match["file"]) for match in matches)


def at_lines(text: str) -> Iterator[Frame]:
    """
    Return the frames of stacks of JavaScript, the JVM and .NET, whose lines begin with `at`.

    `at f (file:1:2)`, `at file:1:2`; `at a.B.c(D.java:1)`; `at A.B() in file:line 1`.
    """
    steps = (line.strip() for line in text.split("\n") if "at " in line)
    results = (at_line(step[3:].removeprefix("async ")) for step in steps if step.startswith("at "))
    return (frame for frame in results if frame)


@cached_if_short(FRAMES_KNOWN)
def at_line(step: str) -> Frame | None:
    """Return the frame in such a line without its `at`; None for a line of the message that begins with `at`."""
    dotnet, separator, source = step.rpartition(") in ")
    if separator:
        return Frame(dotnet.partition("(")[0], without_position(source))
    if step.endswith(")") and not step.startswith("["):
        function, _, place = step[:-1].rpartition("(")
        return Frame(function.strip().lstrip(".").removesuffix("?"), without_position(place))
    return Frame("", without_position(step)) if POSITION.search(step) else None


def without_position(place: str) -> str:
    """Return the file of a place without line and column; "" for code without a file."""
    return "" if place in NO_FILE else POSITION.sub("", place).removeprefix("file://")
