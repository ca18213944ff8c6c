"""
Clojure: stacks as its own tools print them. Those of `printStackTrace` are Java's (jvm.py).

Forms: https://github.com/clojure/clojure/blob/master/src/clj/clojure/stacktrace.clj (`print-stack-trace`: only the
first frame has an `at`), and the data of `Throwable->map` in
https://github.com/clojure/clojure/blob/master/src/clj/clojure/core_print.clj.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from telemetry.stacks.frame import RaisedError, StackFrame, chained, lines_of, number_or_none
from telemetry.stacks.languages.jvm import described_jvm
from telemetry.stacks.languages.jvm_names import class_and_method

BEFORE = ("plain",)
MARKS = (".clj", "NO_SOURCE_FILE")
EXTENSIONS = (".clj", ".cljc", ".bb")
SOURCE = r"(?:[\w.-]{1,150}\.[A-Za-z]{1,5}|NO_SOURCE_FILE)"
PRINTED = re.compile(
    rf"[ \t]{{0,40}}(?:at )?(?P<where>[^\s()]{{1,400}}) \((?P<file>{SOURCE})(?::(?P<line>\d{{1,9}}))?\)$"
)
DATA = re.compile(
    rf"\[(?P<class>[^\s\[\]\"]{{1,300}})\s{{1,40}}(?P<method>[^\s\[\]\"]{{1,200}})\s{{1,40}}\"(?P<file>{SOURCE})\"\s{{1,40}}(?P<line>-?\d{{1,9}})\]"
)
FORM = re.compile(
    rf"^[ \t]{{0,40}}(?:at )?[^\s()$]{{1,300}}\$[^\s()]{{1,300}} \({SOURCE}(?::\d{{1,9}})?\)$"
    rf"|\[[^\s\[\]\"$]{{1,300}}\$[^\s\[\]\"]{{1,300}} \w{{1,60}} \"{SOURCE}\" \d",
    re.M,
)
TRACE = ":trace"
VIA = re.compile(
    r":type (?P<type>[A-Za-z][\w.$]{0,200}),?\s{1,20}:message (?:\"(?P<message>(?:[^\"\\]|\\.){0,1000}+)|nil)"
)
HEADER = re.compile(
    r"(?P<cause>Caused by: )?(?:Execution error \((?P<told>[A-Za-z][\w.$]{0,200})\) at [^\n]{1,300}"
    r"|(?P<type>[a-z][\w.]{1,200}\.[A-Z][\w$]{1,100})(?:: (?P<message>[^\n]{0,1000}))?)$"
)


def read_clojure(text: str) -> RaisedError | None:
    """Return the exception that left, with its causes; None for a text without a frame."""
    at = text.find(TRACE)
    return data_of(text, at) if at >= 0 else printed(lines_of(text))


def data_of(text: str, start: int) -> RaisedError | None:
    """Return the exceptions of the data's `:via`, which share the frames of its `:trace`."""
    frames = [
        StackFrame(f"{match['class']}.{match['method']}", match["file"], max(0, int(match["line"])) or None)
        for match in DATA.finditer(text, start)
    ]
    named = [RaisedError(match["type"], match["message"] or "", ()) for match in VIA.finditer(text)]
    exceptions = named or [RaisedError("", "", ())]
    exceptions[-1] = exceptions[-1]._replace(frames=tuple(frames))
    return chained(exceptions) if frames else None


def printed(lines: Sequence[str]) -> RaisedError | None:
    """Return the exceptions that `print-cause-trace` prints, each with its frames."""
    sections = [RaisedError("", "", ())]
    frames: list[list[StackFrame]] = [[]]
    for line in lines:
        if match := PRINTED.match(line):
            where = class_and_method(match["where"])
            frames[-1].append(StackFrame(where, match["file"], number_or_none(match["line"])))
        elif header := HEADER.match(line):
            found = RaisedError(header["type"] or header["told"], header["message"] or "", ())
            if header["cause"]:
                sections.append(found)
                frames.append([])
            elif not frames[-1]:
                sections[-1] = found
    exceptions = [
        section._replace(frames=tuple(each)) for section, each in zip(sections, frames, strict=True)
    ]
    return chained(exceptions) if any(frames) else None


READ, DESCRIBE = read_clojure, described_jvm
