"""
Clojure: stacks as its own tools print them. Those of `printStackTrace` are Java's (jvm.py).

Forms: https://github.com/clojure/clojure/blob/master/src/clj/clojure/stacktrace.clj (`print-stack-trace`: only the
first frame has an `at`), the data of `Throwable->map` in
https://github.com/clojure/clojure/blob/master/src/clj/clojure/core_print.clj, `pst` of
https://github.com/clojure/clojure/blob/master/src/clj/clojure/repl.clj, which writes names as people do, and Babashka's
(https://book.babashka.org/#_reporting_errors).
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
# Names as people write them: `market.basket/add-item!`, and functions inside them, `market.basket/add/fn--99`.
WRITTEN = re.compile(r"(?P<name>[^\s()/$]{1,200}/(?:/|[^\s()/]{1,200}))(?:/[^\s()]{1,200})?")
EVALUATED = re.compile(r"(?<=/eval)\d{1,9}$|(?<=/fn)--\d{1,9}$")
BABASHKA = re.compile(
    r"(?P<where>[^\s()/]{1,200}(?:/[^\s()]{1,200})?)[ \t]{1,200}- (?P<file>[^\n:]{1,400}):(?P<line>\d{1,9}):\d{1,9}$"
)
FORM = re.compile(
    rf"^[ \t]{{0,40}}(?:at )?[^\s()$]{{1,300}}\$[^\s()]{{1,300}} \({SOURCE}(?::\d{{1,9}})?\)$"
    rf"|^[ \t]{{1,40}}[^\s()/$]{{1,200}}/[^\s()]{{1,300}} \((?:[\w.-]{{1,150}}\.cljc?|NO_SOURCE_FILE)(?::\d{{1,9}})?\)$"
    r"|^[^\s()/]{1,200}/[^\s()]{1,200}[ \t]{1,200}- [^\n:]{1,400}\.(?:clj|cljc|bb):\d{1,9}:\d{1,9}$"
    rf"|\[[^\s\[\]\"$]{{1,300}}\$[^\s\[\]\"]{{1,300}} \w{{1,60}} \"{SOURCE}\" \d",
    re.M,
)
TRACE = ":trace"
VIA = re.compile(
    r":type (?P<type>[A-Za-z][\w.$]{0,200}),?\s{1,20}:message (?:\"(?P<message>(?:[^\"\\]|\\.){0,1000}+)|nil)"
)
HEADER = re.compile(
    r"(?P<cause>Caused by: )?(?:Execution error \((?P<told>[A-Za-z][\w.$]{0,200})\) at [^\n]{1,300}"
    r"|(?P<type>[a-z][\w.]{1,200}\.[A-Z][\w$]{1,100})(?:: (?P<message>[^\n]{0,1000}))?"
    r"|(?P<short>[A-Z]\w{0,100}(?:Exception|Error|Info))(?: (?P<text>[^\n]{0,1000}))?"
    r"|Type: {1,20}(?P<named>[\w.$]{1,200}))$"
)
CAUSED, MESSAGE = (
    "Caused by:",
    re.compile(r"Message: {1,20}(?P<message>[^\n]{0,1000})$"),
)  # lines of pst and Babashka


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
    """Return the exceptions that `print-cause-trace`, `pst` and Babashka print, each with its frames."""
    sections = [RaisedError("", "", ())]
    frames: list[list[StackFrame]] = [[]]
    is_cause = False
    for line in lines:
        if frame := printed_frame(line):
            frames[-1].append(frame)
        elif line == CAUSED:
            is_cause = True
        elif header := HEADER.match(line):
            if header["cause"] or is_cause:
                sections.append(named_in(header))
                frames.append([])
            elif not frames[-1]:
                sections[-1] = named_in(header)
            is_cause = False
        elif (said := MESSAGE.match(line)) and not frames[-1]:
            sections[-1] = sections[-1]._replace(message=said["message"])
    exceptions = [
        section._replace(frames=tuple(each)) for section, each in zip(sections, frames, strict=True)
    ]
    return chained(exceptions) if any(frames) else None


def named_in(header: re.Match[str]) -> RaisedError:
    """Return the exception that the line names."""
    error_type = header["type"] or header["told"] or header["short"] or header["named"]
    return RaisedError(error_type, header["message"] or header["text"] or "", ())


def printed_frame(line: str) -> StackFrame | None:
    """Return the frame in the line; None for other lines."""
    match = PRINTED.match(line) or BABASHKA.match(line)
    if match is None:
        return None
    where = match["where"]
    written = WRITTEN.fullmatch(where) if "$" not in where else None
    function = EVALUATED.sub("", written["name"]) if written else class_and_method(where)
    return StackFrame(function, match["file"], number_or_none(match["line"]))


READ, DESCRIBE = read_clojure, described_jvm
