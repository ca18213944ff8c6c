"""
Stack traces as text: which exception was raised, and the top frame of the application's own code.

The formats are those of `exception.stacktrace`, each language's own:
https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

TRACEBACK = "Traceback (most recent call last):"
MAX_LENGTH = 16_000  # what is searched, from the end where the raised exception is
# Each repetition is bounded: stacks come from outside, and a pattern must not take seconds on a hostile one.
FRAMES = {
    "python": re.compile(r'File "(?P<file>[^"\n]{1,400})", line \d+, in (?P<function>\S{1,200})'),
    "javascript": re.compile(
        r"^[ \t]*at (?:async )?(?:(?P<function>[^\n(]{1,200}?) \()?(?:file://)?"
        r"(?P<file>[^\s():][^\s()]{0,400}):\d+:\d+\)?$",
        re.M,
    ),
    "jvm": re.compile(r"^[ \t]*at (?P<function>[\w.$/@<>]{1,300})\((?P<file>[\w$]{1,100}\.\w+):\d+\)", re.M),
    "dotnet": re.compile(
        r"^[ \t]*at (?P<function>[\w.`<>|+\[\],]{1,300})\([^\n]{0,400}\) in (?P<file>[^\n]{1,400}):line \d+",
        re.M,
    ),
    "go": re.compile(
        r"^(?P<function>[\w./*()-]{1,300})\([^\n]{0,400}\)\n\t(?P<file>\S{1,400}?\.go):\d+", re.M
    ),
    "ruby": re.compile(
        r"^[ \t]*(?:from )?(?P<file>[^\s:]{1,400}\.rb):\d+:in [`'](?P<function>[^'\n]{1,200})'", re.M
    ),
    "php": re.compile(r"^#\d+ (?P<file>[^\s(]{1,400}\.php)\(\d+\): (?P<function>[^(\n]{1,200})\(", re.M),
}
NOT_OWN = re.compile(
    r"node_modules|node:|<anonymous>|site-packages|dist-packages|/lib/python|<frozen|<string>|\$bunfs"
    r"|/gems/|/lib/ruby/|/vendor/|/pkg/mod/|/usr/local/go/|/usr/lib/go|^runtime[./]"
    r"|^(?:java|javax|jakarta|jdk|sun|kotlin|kotlinx|scala|reactor|org\.(?:springframework|apache|hibernate|eclipse)"
    r"|io\.(?:netty|opentelemetry|grpc|vertx)|com\.(?:sun|fasterxml|zaxxer)|System|Microsoft)[./]"
)
RUN_OF_DIGITS = re.compile(r"[0-9a-f]{8,}|\d{3,}")
NAMED = re.compile(r"(?P<type>[A-Za-z_$][\w.$]*)(?:: (?P<message>.*))?$")


def raised(stack: str) -> tuple[str, str]:
    """Type and message of the exception that left, as the stack names them; ("", "") if it does not."""
    line = python_exception(stack) if TRACEBACK in stack else stack.lstrip().partition("\n")[0]
    match = NAMED.match(line)
    return (match["type"], match["message"] or "") if match else ("", "")


def python_exception(stack: str) -> str:
    """The first line after the last part's frames: what came before was handled, what follows are notes."""
    lines = stack.rpartition(TRACEBACK)[2].splitlines()
    return next((line for line in lines if line and not line[0].isspace()), "")


def top_own_frame(stack: str) -> str:
    """Function and file of the frame nearest to the failure that is not a library's; "" without one."""
    if TRACEBACK in stack:
        last_part = stack.rpartition(TRACEBACK)[2][-MAX_LENGTH:]
        return own(reversed(list(FRAMES["python"].finditer(last_part))))
    top = stack[:MAX_LENGTH]
    return next((frame for pattern in FRAMES.values() if (frame := own(pattern.finditer(top)))), "")


def own(frames: Iterable[re.Match[str]]) -> str:
    """The first frame of the application's own code."""
    for frame in frames:
        function, file = frame["function"] or "", frame["file"]
        if not NOT_OWN.search(file) and not NOT_OWN.search(function.removeprefix("async ")):
            return label(function, file)
    return ""


def label(function: str, file: str) -> str:
    """`orderTotal src/orders.js`: one folder tells files apart, those above it change with releases."""
    place = "/".join(file.replace("\\", "/").split("/")[-2:])
    return RUN_OF_DIGITS.sub("*", f"{function} {place}".strip())[:200]
