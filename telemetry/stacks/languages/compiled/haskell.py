"""
Haskell: call stacks of functions that ask for one, and those of profiled programs.

Form: https://hackage.haskell.org/package/base/docs/GHC-Stack.html (`prettyCallStack`, `whoCreated`) and, since GHC
9.10, https://hackage.haskell.org/package/base/docs/Control-Exception-Backtrace.html. Since 9.12 a line before the
message names the exception's type (the handler at the top, GHC.Internal.Conc.Sync). A line of a stack says which
function was called where; that place is in the function that the next line says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from telemetry.stacks.frame import LIBRARY, OWN, RUNTIME, TEST, UNKNOWN, RaisedError, StackFrame, lines_of
from telemetry.stacks.places import without_builds

BEFORE = ()
MARKS = (", called at ", "CallStack (from ", "backtrace:")
EXTENSIONS = (".hs", ".lhs", ".hsc")
CALLED = re.compile(
    r"[ \t]{1,8}(?P<function>\S{1,200}), called at (?P<file>[^\n:]{1,400}):(?P<line>\d{1,9}):\d{1,9} in "
    r"(?P<package>[^\s:]{1,200}):(?P<module>[A-Z][\w.']{0,200})$"
)
COST_CENTRE = re.compile(
    r"[ \t]{1,8}(?P<module>[A-Z][\w']{0,100}(?:\.[A-Z][\w']{0,100}){0,10})\.(?P<function>[^\s(]{1,200}) "
    r"\((?P<file>[^():\n]{1,400}\.l?hs):\(?(?P<line>\d{1,9})[^\n]{0,40}\)$"
)
FORM = re.compile(
    r"^[ \t]{1,8}\S{1,200}, called at [^\n:]{1,400}:\d{1,9}:\d{1,9} in "
    r"|^[ \t]{1,8}[A-Z][\w.']{1,200}\.[^\s(]{1,200} \([^():\n]{1,400}\.l?hs:",
    re.M,
)
STACK = re.compile(r"(?:CallStack \(from |[\w ]{1,40}backtrace:$)")
UNCAUGHT = re.compile(r"(?:[\w.-]{1,60}: )?Uncaught exception \S{0,300}?(?P<type>[A-Z][\w']{0,100}):$")
PROGRAM = re.compile(r"^(?:[\w.-]{1,60}:|\*\*\* Exception:) (?=\S)")
# The packages that come with the compiler: https://gitlab.haskell.org/ghc/ghc/-/wikis/commentary/libraries/version-history
RUNTIME_PACKAGE = re.compile(r"^(?:base|ghc|interactive|template-haskell|rts|integer-gmp)(?:-|$)")
LIBRARY_PACKAGE = re.compile(
    r"^(?:array|binary|bytestring|containers|deepseq|directory|filepath|mtl|process|text|time|transformers|unix|vector"
    r"|aeson|attoparsec|async|conduit\w*|exceptions|hashable|http-\w+|lens|megaparsec|network|optparse-applicative"
    r"|parsec|persistent|postgresql-simple|random|resourcet|safe|servant|stm|streaming|tls|unordered-containers|wai"
    r"|warp|yesod|katip|relude|protolude|universum|unliftio|rio|esqueleto|beam|hasql)(?:-|$)"
)
TEST_PACKAGE = re.compile(r"^(?:hspec|HUnit|QuickCheck|tasty|hedgehog|sydtest|doctest)(?:-|$)")

TEST_FILE = re.compile(r"(?:^|/)tests?/|Spec\.hs$")  # https://hspec.github.io/hspec-discover.html


def read_haskell(text: str) -> RaisedError | None:
    """Return the failure with its first call stack; None for a text without one."""
    lines = lines_of(text)
    calls: list[re.Match[str]] = []
    for line in lines:
        if match := CALLED.match(line) or COST_CENTRE.match(line):
            calls.append(match)
        elif calls and STACK.match(line):
            break
    start = next((at for at, line in enumerate(lines) if STACK.match(line)), 1)
    said = [line for line in lines[:start] if line.strip()] or [""]
    uncaught = UNCAUGHT.match(said[0]) if len(said) > 1 else None
    error_type, message = (uncaught["type"], said[1]) if uncaught else ("", PROGRAM.sub("", said[0]))
    return RaisedError(error_type, message, haskell_frames(calls)) if calls else None


def haskell_frames(calls: Sequence[re.Match[str]]) -> tuple[StackFrame, ...]:
    """Return the frames, each with the function that holds its place: the last one is told by its module alone."""
    frames = []
    for call, outer in zip_longest(calls, calls[1:]):
        package = call.groupdict().get("package")
        function = call["function"] if package is None else outer["function"] if outer else ""
        name = f"{call['module']}.{function}" if function else call["module"]
        owner = package_owner(package or "")
        frames.append(StackFrame(name, call["file"], int(call["line"]), owner))
    return tuple(frames)


def package_owner(package: str) -> str:
    """Return whose code a package is; that of a place without one is unknown here."""
    if RUNTIME_PACKAGE.match(package):
        return RUNTIME
    if LIBRARY_PACKAGE.match(package):
        return LIBRARY
    return TEST if TEST_PACKAGE.match(package) else UNKNOWN


def described_haskell(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and its key: a module has one file."""
    owner = RUNTIME if frame.function.startswith("GHC.") else TEST if TEST_FILE.search(frame.file) else OWN
    return frame._replace(owner=owner, key=without_builds(frame.function))


READ, DESCRIBE = read_haskell, described_haskell
