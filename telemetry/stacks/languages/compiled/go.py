"""
Go: goroutines, panics, and errors that carry a stack.

Forms: https://pkg.go.dev/runtime/debug#Stack, https://github.com/golang/go/blob/master/src/runtime/traceback.go, and
`%+v` of https://pkg.go.dev/github.com/pkg/errors. A line with the function, then one with tab, file and line. Paths
with `-trimpath` begin with the module, with `@version` for all but the main one:
https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from telemetry.stacks.frame import LIBRARY, OWN, RUNTIME, TEST, RaisedError, StackFrame, lines_of
from telemetry.stacks.places import is_in_library, slashed, without_builds

BEFORE = ()
MARKS = (".go:", ".s:")
EXTENSIONS = (".go", ".s")
FORM = re.compile(r"^[\w./*(][^\n]{0,600}\n[ \t]{1,20}[^\s][^\n]{0,400}\.(?:go|s):\d", re.M)
PLACE = re.compile(r"[ \t]{1,20}(?P<file>[^\n]{1,500}?\.(?:go|s)):(?P<line>\d{1,9})(?: \+0x[0-9a-f]{1,16})?$")
FUNCTION = re.compile(
    r"[ \t]{0,20}(?P<function>[\w.][^\s({]{0,400}(?:\(\*[\w.\[\]]{1,200}\)[^\s({]{0,300})?)"
)
PANICS = frozenset({"panic", "runtime.gopanic"})
PANIC = re.compile(r"(?:panic|fatal error): (?P<message>[^\n]{0,500})$")
# https://pkg.go.dev/std. An import path whose first element has no dot is the standard library's or the main module's.
STANDARD = frozenset(
    {"archive", "arena", "bufio", "builtin", "bytes", "cmd", "cmp", "compress", "container", "context", "crypto",
     "database", "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image",
     "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect",
     "regexp", "runtime", "slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text",
     "time", "unicode", "unique", "unsafe", "weak"}
)  # fmt: skip
MODULE_VERSION = re.compile(r"@v\d|/pkg/mod/|(?:^|/)external/")
# Closures, wrappers of `go` and `defer`, method values, instances of generic functions, and their numbers:
# https://github.com/golang/go/blob/master/src/cmd/compile/internal/ir/func.go (closureName)
COMPILED = re.compile(
    r"(?:\.(?:func|gowrap|deferwrap)\d{1,9}+|[·.]dwrap·\d{1,9}+|\.\d{1,9}+|-fm|-range\d{1,9}+|\[\.\.\.\]$){1,8}+$"
)
INSTANCE = re.compile(r"\[[^\[\]\n]{0,300}\]")


def read_go(text: str) -> RaisedError | None:
    """Return what failed in the first goroutine, which is the one that crashed; None for a text without a frame."""
    lines = lines_of(text)
    frames = go_frames(first_goroutine(lines))
    message = next((match["message"] for line in lines[:50] if (match := PANIC.match(line))), "")
    return RaisedError("", message, below_panic(frames)) if frames else None


def first_goroutine(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines up to the second goroutine."""
    starts = [at for at, line in enumerate(lines) if line.startswith("goroutine ") and line.endswith("]:")]
    return lines[: starts[1]] if len(starts) > 1 else lines


def go_frames(lines: Sequence[str]) -> list[StackFrame]:
    """Return the frames, each of two lines, in the order of the text."""
    frames = []
    for function_line, place_line in pairwise(lines):
        place = PLACE.match(place_line)
        function = FUNCTION.match(function_line) if place else None
        if place and function and not function_line.startswith("created by "):
            frames.append(StackFrame(function["function"], place["file"], int(place["line"])))
    return frames


def below_panic(frames: Sequence[StackFrame]) -> tuple[StackFrame, ...]:
    """Return the frames below the last panic: what stands above it recovered, and says nothing about the failure."""
    last = max((at for at, frame in enumerate(frames) if frame.function in PANICS), default=-1)
    return tuple(frames[last + 1 :]) or tuple(frames)


def described_go(frame: StackFrame) -> StackFrame:
    """Return the frame with the written name of its function, its owner and its key, which no build changes."""
    function = go_name(frame.function)
    return frame._replace(
        function=function, owner=go_owner(function, frame.file), key=without_builds(function)
    )


def go_name(function: str) -> str:
    """Return package and function as they were written: `shop/pay.First` for `shop/pay.First[...].func1`."""
    function = function.replace("%2e", ".").replace("glob..", "glob.")
    return INSTANCE.sub("", COMPILED.sub("", INSTANCE.sub("", function)))


def go_owner(function: str, file: str) -> str:
    """Return whose code the function is, by its import path and its file."""
    folders, _, name = function.rpartition("/")
    package = f"{folders}/{name.partition('.')[0]}".lstrip("/")
    if package.split("/")[0] in STANDARD or function in PANICS:
        return RUNTIME
    path = slashed(file)
    if MODULE_VERSION.search(path) or is_in_library(path):
        return LIBRARY
    return TEST if path.endswith("_test.go") else OWN


READ, DESCRIBE = read_go, described_go
