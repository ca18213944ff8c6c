"""
Julia: stack traces with the module of each function (since 1.6) and without, causes, and failures of tasks.

Form: https://github.com/JuliaLang/julia/blob/master/base/errorshow.jl (`print_stackframe`, `show_exception_stack`)
`showerror` of TaskFailedException in https://github.com/JuliaLang/julia/blob/master/base/task.jl. of
exceptions of other processes in https://github.com/JuliaLang/julia/blob/master/stdlib/Distributed, and a log record's
`exception` in https://github.com/JuliaLang/julia/blob/master/base/logging/ConsoleLogger.jl. Names that the
compiler makes: https://docs.julialang.org/en/v1/devdocs/functions/. Packages:
https://docs.julialang.org/en/v1/manual/code-loading/
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RUNTIME, UNKNOWN, RaisedError, StackFrame, chained, lines_of
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = (" [1] ",)
EXTENSIONS = (".jl",)
STEP = r"[ \t]{0,12}\[\d{1,4}\] "
PLACE = r"(?P<file>\S[^\n]{0,400}?):(?P<line>\d{1,9})(?: \[inlined\])?(?: \(repeats \d{1,9} times\))?$"
FORM = re.compile(
    rf"^│?{STEP}\S(?:[^\n]{{0,1990}}+\n│?[ \t]{{1,16}}@ |(?:(?! at \S)[^\n]){{0,1990}}+ at [^\n]{{1,1990}}:\d)",
    re.M,
)
CALL = re.compile(rf"{STEP}(?P<call>\S[^\n]{{0,1990}})$")
PLACE_OF_CALL = re.compile(PLACE)
AT = re.compile(rf"[ \t]{{1,16}}@ (?:(?P<module>[A-Z]\w{{0,60}}(?:\.\w{{1,60}}){{0,8}}) )?{PLACE}")
FAILED = re.compile(r"[ \t]{0,12}(?P<relation>ERROR|caused by|nested task error): (?P<rest>[^\n]{0,1500})$")
NEXT = re.compile(
    r"[ \t]{0,12}(?:ERROR: )?(?:On worker \d{1,9}:|exception =)$"
)  # what follows names the exception
LOADING = re.compile(r"^(?:(?:LoadError|InitError): ){1,9}+")
TYPED = re.compile(
    r"(?P<type>[A-Z][\w.]{0,100}(?:Error|Exception|Interrupt|Failure))(?:\{[^{}]{0,100}\})?"
    r"(?:(?: with (?P<value>[^\n]{1,300}?))?:(?: (?P<message>.*))?)?$"
)
# Closures and methods with keywords: `var"#total#5"`, `#total#12`, `(::Shop.var"#3#4")`.
WRITTEN = re.compile(r"#(?P<name>[A-Za-z_]\w{0,100}!?)(?:#|$)")
QUOTED = re.compile(r'^\(?(?:::[\w.]{0,100})?var"(?P<name>[^"\n]{1,200})"')
NAME = re.compile(r"^\(?(?:::)?(?P<name>[^({\s]{1,200})")
KEPT = frozenset({"top-level scope", "macro expansion"})
RUNTIME_MODULE = re.compile(r"^(?:Base|Core)(?:\.|$)")
OWNERS = FileOwners(
    runtime=re.compile(
        r"^\./(?:strings/|iterators/|compiler/|docs/|ryu/|sort/)?[a-z_]+\.jl$|/share/julia/|^(?:\./)?none$|^REPL\["
        r"|/julia/(?:base|stdlib)/"
    ),
    library=re.compile(r"/\.julia/(?:packages|dev|scratchspaces)/"),
    test=re.compile(r"(?:^|/)test/|(?:^|/)runtests\.jl$"),  # https://docs.julialang.org/en/v1/stdlib/Test/
)


def read_julia(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    lines = [line.removeprefix("│") for line in lines_of(text)]
    sections = [julia_error(lines[0])]
    frames: list[list[StackFrame]] = [[]]
    call = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if step := CALL.match(line):
            call = step["call"]
            before, _, behind = call.rpartition(" at ")
            if before and (place := PLACE_OF_CALL.match(behind)):
                frames[-1].append(julia_frame(before, place))
        elif call and (place := AT.match(line)):
            frames[-1].append(julia_frame(call, place))
            call = ""
        elif NEXT.match(line):
            sections[-1] = julia_error(following.strip())
        elif failed := FAILED.match(line):
            if failed["relation"] == "ERROR":
                sections[-1] = julia_error(failed["rest"])
            else:
                sections.append(julia_error(failed["rest"]))
                frames.append([])
    exceptions = [
        section._replace(frames=tuple(each)) for section, each in zip(sections, frames, strict=True)
    ]
    return chained(exceptions) if any(frames) else None


def julia_error(text: str) -> RaisedError:
    """Return the exception that `Type: message` names; one without a class is that of `error("message")`."""
    text = LOADING.sub("", text)
    match = TYPED.match(text)
    if not match:
        return RaisedError("", text, ())
    return RaisedError(match["type"], match["message"] or match["value"] or "", ())


def julia_frame(call: str, place: re.Match[str]) -> StackFrame:
    """Return the frame of a call with its arguments at the place, which may say the module."""
    module = place.groupdict().get("module") or ""
    owner = RUNTIME if RUNTIME_MODULE.match(module) else UNKNOWN
    return StackFrame(julia_name(call), place["file"], int(place["line"]), owner)


def julia_name(call: str) -> str:
    """Return the function that is called: `total` for `var"#total#5"(...)`; "" for one that nobody named."""
    if call in KEPT:
        return call
    quoted = QUOTED.match(call)
    name = quoted or NAME.match(call)
    text = name["name"].rpartition(".")[2] if name else ""
    if "#" not in text:
        return text
    written = WRITTEN.search(text)
    return written["name"] if written else ""


def described_julia(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and its key."""
    return frame._replace(owner=OWNERS.owner_of(frame.file), key=code_key(frame.function, frame.file))


READ, DESCRIBE = read_julia, described_julia
