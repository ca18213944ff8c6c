"""
R: `traceback()`, the trees of rlang, the stacks of Shiny, and the calls that a script prints when it ends.

Forms: https://stat.ethz.ch/R-manual/R-devel/library/base/html/traceback.html, options `showErrorCalls` in
https://stat.ethz.ch/R-manual/R-devel/library/base/html/options.html,
https://rlang.r-lib.org/reference/trace_back.html and https://github.com/rstudio/shiny/blob/main/R/conditions.R
(`printOneStackTrace`). A place is that of the call, which stands in the function around it; Shiny has moved it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from telemetry.stacks.frame import (
    LIBRARY,
    OWN,
    RUNTIME,
    TEST,
    UNKNOWN,
    RaisedError,
    StackFrame,
    lines_of,
)
from telemetry.stacks.places import code_key

BEFORE = ()
MARKS = ("─", "\nCalls: ", "#")
EXTENSIONS = (".R", ".r", ".Rmd", ".qmd")
PLACE = r"(?P<file>[^\s#\[][^\n#]{0,300})#(?P<line>\d{1,9})"
FORM = re.compile(
    r"^[ \t]{0,8}\d{1,4}\. [│ ]{0,80}[├└]─|^Calls: \S[^\n]{0,300} -> "
    r"|^[ \t]{0,8}\d{1,4}: (?:(?! (?:at |\[)[^\s#])[^\n]){1,2000}+ (?:at [^\n#]{1,600}+#\d|\[[^\n#]{1,600}+#\d{1,9}\])",
    re.M,
)
BRANCH = re.compile(
    r"[ \t]{0,8}\d{1,4}\. [│ ]{0,80}[├└]─(?P<space>global |[\w.]{1,60}:{2,3})?(?P<call>[^\n]{1,1900})"
)
BRANCH_PLACE = re.compile(r"(?P<file>[^\n:]{1,300}+):(?P<line>\d{1,9})(?::\d{1,9})?")
NUMBERED = re.compile(r"[ \t]{0,8}\d{1,4}: (?P<call>[^\n]{1,1900})")
NUMBERED_PLACE = re.compile(PLACE)
SHINY = re.compile(rf"[ \t]{{0,8}}\d{{1,4}}: (?P<call>[^\n\[]{{1,200}}) \[{PLACE}\]$")
CALLS = "Calls: "
ARROW = re.compile(r"(?: \.\.\.)? -> ")
NAME = re.compile(r"^[`\"]?(?:(?P<space>[\w.]{1,60}):{2,3})?(?P<name>(?:<[^>\n]{1,60}>|[^\s(`\"]{1,200}))")
HEADER = re.compile(r"(?:Warning: )?Error(?: in (?P<call>[^\n]{1,300}?))? ?: (?P<message>[^\n]{0,1000})")
BANG = re.compile(r"(?:! |Caused by error[^\n]{0,200}:$)(?P<message>[^\n]{0,1000})")
# The packages of R itself, https://cran.r-project.org/doc/manuals/r-release/fullrefman.pdf, and what reports conditions
RUNTIME_SPACE = frozenset(
    {"base", "compiler", "datasets", "graphics", "grDevices", "methods", "parallel", "stats", "tools", "utils", "rlang"}
)  # fmt: skip
RUNTIME_CALL = re.compile(
    r"^(?:stop|stopifnot|abort|warning|signalCondition|\.handleSimpleError|tryCatch\w*|doTryCatch|try|withCallingHandlers"
    r"|withVisible|withRestarts|withOneRestart|doWithOneRestart|do\.call|eval|evalq|force|identity|[lsvm]?apply|Map|Reduce"
    r"|Filter|FUN|source|print\w*|sys\.\w+|suppress\w+|\.\.stacktrace\w*|<Anonymous>|\.Call|\.External\d?|standardGeneric"
    r"|match\.arg|UseMethod|NextMethod|Recall|local|on\.exit|invisible|system\.time|\.Primitive)$"
)
HANDLER = "h"  # of R's own errors, called by `.handleSimpleError`
LIBRARY_SPACE = re.compile(
    r"^(?:dplyr|tibble|purrr|vctrs|tidyr|ggplot2|readr|stringr|stringi|magrittr|withr|shiny|httr2?|plumber|R6|cli|lifecycle"
    r"|tidyselect|DBI|RSQLite|odbc|jsonlite|curl|future\w*|promises|later|data\.table|knitr|rmarkdown|targets|callr|processx"
    r"|glue|forcats|lubridate|Matrix|Rcpp|xml2|rvest|arrow|renv|devtools|pkgload|htmltools|httpuv|memoise|digest|logger)$"
)
TEST_SPACE = frozenset({"testthat", "tinytest", "RUnit"})


def read_r(text: str) -> RaisedError | None:
    """Return the error with its frames, the innermost first; None for a text without one."""
    lines = lines_of(text)
    frames = branch_frames(lines) or numbered_frames(lines) or script_frames(lines)
    header = next((match for line in lines[:50] if (match := HEADER.match(line) or BANG.match(line))), None)
    return RaisedError("", header["message"] if header else "", frames) if frames else None


def branch_frames(lines: Sequence[str]) -> tuple[StackFrame, ...]:
    """Return the frames of a tree, whose last branch is the innermost one, each with the place of the call in it."""
    matches = [match for line in lines if (match := BRANCH.match(line))]
    frames: list[StackFrame] = []
    file: str = ""
    number: int | None = None
    for match in reversed(matches):
        space = (match["space"] or "").strip(" :")
        call, inner_file, inner_number = call_and_place(match["call"], BRANCH_PLACE.fullmatch)
        frames.append(called_frame(call, space, file, number))
        file, number = inner_file, inner_number
    return tuple(frames)


def numbered_frames(lines: Sequence[str]) -> tuple[StackFrame, ...]:
    """Return the frames of `traceback()`, or of Shiny, which has places in the functions that it names."""
    frames: list[StackFrame] = []
    file: str = ""
    number: int | None = None
    for line in lines:
        if match := SHINY.match(line):
            frames.append(called_frame(match["call"], "", match["file"], int(match["line"])))
        elif match := NUMBERED.match(line):
            call, inner_file, inner_number = call_and_place(match["call"], NUMBERED_PLACE.fullmatch)
            frames.append(called_frame(call, "", file, number))
            file, number = inner_file, inner_number
    if file:
        frames.append(StackFrame("", file, number))
    return tuple(frames)


def call_and_place(text: str, placed: Callable[[str], re.Match[str] | None]) -> tuple[str, str, int | None]:
    """Return the call, and the file and the line behind its last ` at `; "" and None for a text without a place."""
    call, _, place = text.rpartition(" at ")
    match = placed(place) if call else None
    return (call, match["file"], int(match["line"])) if match else (text, "", None)


def script_frames(lines: Sequence[str]) -> tuple[StackFrame, ...]:
    """Return the functions that a script prints, the innermost last."""
    calls = next((line for line in lines if line.startswith(CALLS)), "")
    names = ARROW.split(calls.removeprefix(CALLS)) if calls else []
    return tuple(called_frame(name, "", "", None) for name in reversed(names))


def called_frame(call: str, space: str, file: str, line: int | None) -> StackFrame:
    """Return the frame of a call with its arguments. `space`: its namespace, or `global`."""
    match = NAME.match(call)
    name = match["name"] if match else ""
    if name == HANDLER and not file:
        return StackFrame(name, file, line, RUNTIME)
    return StackFrame(name, file, line, space_owner(space or (match["space"] or "" if match else ""), name))


def space_owner(space: str, name: str) -> str:
    """Return whose code a function is, by its namespace or else by its own name; UNKNOWN leaves it to its file."""
    if space in RUNTIME_SPACE or (not space and RUNTIME_CALL.match(name)):
        return RUNTIME
    if space in TEST_SPACE:
        return TEST
    return LIBRARY if LIBRARY_SPACE.match(space) else OWN if space else UNKNOWN


def described_r(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and its key: with a function, no file, since only some traces have it."""
    name = "" if frame.function.startswith("<") else frame.function
    return frame._replace(
        owner=OWN if frame.file else UNKNOWN, key=code_key(name, "" if name else frame.file)
    )


READ, DESCRIBE = read_r, described_r
