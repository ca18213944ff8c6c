"""
Stack traces as text: which exception was raised, and where, by the frames of the application's own code.

The formats are those of `exception.stacktrace`, each language's own:
https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

TRACEBACK = "Traceback (most recent call last):"
CAUSED_BY = "\nCaused by: "
MAX_LENGTH = 16_000  # what is searched, from the end where the raised exception is
MAX_FRAMES, MAX_CAUSES = 200, 20
FRAMES_KNOWN = 2048  # the same few come again and again
JOINT = " < "  # between frames, from the failure outwards
MAX_PATH = 60  # frames of a stack without files
# Each repetition is bounded: stacks come from outside, and a pattern must not take seconds on a hostile one.
PYTHON = re.compile(r'File "(?P<file>[^"\n]{1,400})", line \d+, in (?P<function>\S{1,200})')
OTHERS = {
    ".go:": re.compile(
        r"^(?P<function>[\w./*()-]{1,300})\([^\n]{0,400}\)\n\t(?P<file>\S{1,400}?\.go):\d+", re.M
    ),
    ".rb:": re.compile(
        r"^[ \t]*(?:from )?(?P<file>[^\s:]{1,400}\.rb):\d+:in [`'](?P<function>[^'\n]{1,200})'", re.M
    ),
    ".php(": re.compile(r"^#\d+ (?P<file>[^\s(]{1,400}\.php)\(\d+\): (?P<function>[^(\n]{1,200})\(", re.M),
}
POSITION = re.compile(r"(?::\d*){1,2}$|:line \d+$")
NO_FILE = frozenset({"Native Method", "Unknown Source", "native", "<unknown>", "unknown"})
# Of the language and its test runners, which tell nothing of a failure; of libraries, which tell little.
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
# Code that only says that something failed: whoever called it knows what.
MESSENGER = re.compile(
    r"(?:Exception|Error)s?[.:#]{1,2}\S+$|(?:Preconditions|Asserts?|Assertions|Validate|Objects)\.\w+$"
    r"|(?:^|[.:#>_-])(?:throw|raise|fail|report|panic|abort|assert|check|ensure|require|verify)(?:$|[A-Z_:])"
    r"|terminat|pthread_kill|^_*kill$|crashpad|gsignal|RaiseException|UnhandledException"
    r"|objc_exception|exceptionPreprocess|cxa_(?:re)?throw"
)
# Functions of the platform between a failure and the code that caused it, in stacks that name no files. They change
# with the graphics card, the version of the system, and what could be symbolicated; the application's call stays. What
# counts follows the categories driver, gl, load, threadbase and throw of
# https://github.com/getsentry/sentry/blob/master/src/sentry/grouping/enhancer/enhancement-configs
PLUMBING = re.compile(
    # A graphics driver and its library: told by who drew, not by the card.
    r"^(?:gpus[A-Z]|gl[a-z]?[A-Z]|CGL[A-Z]|[iI]ntel[A-Z]|IOAccel)"
    # The dynamic loader, inside dlopen: https://github.com/apple-oss-distributions/dyld
    r"|^(?:ImageLoader\w*|dyld\d?)::|^dlopen_internal$"
    # What runs an event loop or begins a thread is below every failure.
    r"|^_*CFRUNLOOP_|^_*CFRunLoop|^start(?:_wqthread)?$|^_?(?:pthread|thread)_(?:start|wqthread|body)$"
    r"|^_dispatch_(?:client_callout|root_queue|worker_thread)|^BaseThreadInitThunk$|^RtlUserThreadStart$|^TppWorker"
    # Ends the process for whoever destroys a running thread: https://en.cppreference.com/w/cpp/thread/thread/~thread
    r"|(?:^|::)thread::~thread$"
)
COUNTERS = re.compile(r"\$\d+|\.cold(?:\.\d+)?$|\.(?:isra|part|constprop)\.\d+|(?<=lambda)\$\w+\$\d+")
RUN_OF_DIGITS = re.compile(r"[0-9a-f]{8,}|\d{3,}")
NAMED = re.compile(r"(?P<type>[A-Za-z_$][\w.$]*)(?:: (?P<message>.*))?$")


class Frame(NamedTuple):
    """One step of a stack; "" for what is not known."""

    function: str
    file: str

    @property
    def is_own(self) -> bool:
        """Neither the language's nor a library's, and somebody knows where it is."""
        return bool(self.file) and not owner(self)

    def __str__(self) -> str:
        """`orderTotal src/orders.js`: one folder tells files apart, those above it change with releases."""
        place = "/".join(self.file.replace("\\", "/").split("/")[-2:])
        return RUN_OF_DIGITS.sub("*", f"{COUNTERS.sub('', self.function)} {place}".strip())[:200]


@lru_cache(maxsize=FRAMES_KNOWN)
def owner(frame: Frame) -> str:
    """`runtime`, `library`, or "" for the application's own code."""
    found = FOREIGN.search(f"{frame.file}\n{frame.function}")
    return found.lastgroup or "" if found else ""


def raised(stack: str) -> tuple[str, str]:
    """Type and message of the exception that left, as the stack names them; ("", "") if it does not."""
    line = python_exception(stack) if TRACEBACK in stack else stack.lstrip().partition("\n")[0]
    match = NAMED.match(line)
    return (match["type"], match["message"] or "") if match else ("", "")


def python_exception(stack: str) -> str:
    """The first line after the last part's frames: what came before was handled, what follows are notes."""
    lines = stack.rpartition(TRACEBACK)[2].splitlines()
    return next((line for line in lines if line and not line[0].isspace()), "")


def origin(stack: str, depth: int, skips_plumbing: bool) -> str:
    """
    What of a stack tells one bug from another: where it was raised, by the innermost code that says something.

    Args:
        depth: frames. An exception with a message was thrown on purpose, and its caller tells more.
        skips_plumbing: whether functions of the platform are left out of stacks without files.
    """
    parts = [stack] if TRACEBACK in stack else reversed(stack.rsplit(CAUSED_BY, MAX_CAUSES))
    return next((found for part in parts if (found := origin_in(frames(part), depth, skips_plumbing))), "")


def origin_in(stack: Iterable[Frame], depth: int, skips_plumbing: bool) -> str:
    """The top own frames; without one a library's; without files the path of functions."""
    walked: list[Frame] = []
    own: list[Frame] = []
    for frame in stack:
        walked.append(frame)
        if frame.is_own and not says_only(frame):
            own.append(frame)
            if len(own) == depth:
                break
    foreign = walked[: walked.index(own[0])] if own else walked
    known = [frame for frame in foreign if owner(frame) != "runtime"]
    if any(not frame.file for frame in known):
        return path([*foreign, *own[:1]], skips_plumbing)
    telling = own or [frame for frame in known if not says_only(frame)] or known
    return JOINT.join(map(str, telling[:depth])) or path(walked, skips_plumbing)


@lru_cache(maxsize=FRAMES_KNOWN)
def says_only(frame: Frame) -> bool:
    """Code that throws for others."""
    return bool(MESSENGER.search(frame.function))


def path(stack: list[Frame], skips_plumbing: bool) -> str:
    """The functions from the failure outwards."""
    named = [frame for frame in stack if frame.function]
    if skips_plumbing:
        named = [frame for frame in named if not PLUMBING.search(frame.function)] or named
    start = next((at for at, frame in enumerate(named) if not says_only(frame)), 0)
    steps = dict.fromkeys(frame.function for frame in named[start : start + MAX_PATH])
    return RUN_OF_DIGITS.sub("*", JOINT.join(steps))


def frames(stack: str) -> Iterator[Frame]:
    """The frames, nearest to the failure first."""
    if TRACEBACK in stack:
        last_part = stack.rpartition(TRACEBACK)[2][-MAX_LENGTH:]
        return islice(matched(reversed(list(PYTHON.finditer(last_part)))), MAX_FRAMES)
    top = stack[:MAX_LENGTH]
    found = at_lines(top) if "at " in top else iter(())
    for mark, pattern in OTHERS.items():
        if mark in top:
            found = matched(pattern.finditer(top))
    return islice(found, MAX_FRAMES)


def matched(found: Iterable[re.Match[str]]) -> Iterator[Frame]:
    """The frames that a pattern found."""
    return (Frame(match["function"], match["file"]) for match in found)


def at_lines(text: str) -> Iterator[Frame]:
    """`at f (file:1:2)`, `at a.B.c(D.java:1)`, `at A.B() in file:line 1`, `at file:1:2`: JavaScript, JVM, .NET."""
    steps = (line.strip() for line in text.split("\n") if "at " in line)
    found = (at_line(step[3:].removeprefix("async ")) for step in steps if step.startswith("at "))
    return (frame for frame in found if frame)


@lru_cache(maxsize=FRAMES_KNOWN)
def at_line(step: str) -> Frame | None:
    """One such line without its `at`; None for a line of the message that begins so."""
    dotnet, separator, source = step.rpartition(") in ")
    if separator:
        return Frame(dotnet.partition("(")[0], without_position(source))
    if step.endswith(")") and not step.startswith("["):
        function, _, place = step[:-1].rpartition("(")
        return Frame(function.strip().lstrip(".").removesuffix("?"), without_position(place))
    return Frame("", without_position(step)) if POSITION.search(step) else None


def without_position(place: str) -> str:
    """The file alone."""
    return "" if place in NO_FILE else POSITION.sub("", place).removeprefix("file://")
