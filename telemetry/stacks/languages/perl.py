"""
Perl: messages of `die`, with the backtraces of Carp and Devel::StackTrace.

Forms: https://perldoc.perl.org/Carp, https://metacpan.org/pod/Devel::StackTrace. A frame says where its function was
called, and the message where it died.
"""

from __future__ import annotations

import re

from telemetry.stacks.frame import RUNTIME, RaisedError, StackFrame, lines_of
from telemetry.stacks.owners import FileOwners
from telemetry.stacks.places import short_place, without_builds

BEFORE = ()
MARKS = ("called at ", " line ", "Trace begun at ")
EXTENSIONS = (".pl", ".pm", ".psgi", ".cgi", ".t")
FORM = re.compile(
    r"^[ \t]{0,8}[\w:]{1,300}+(?:(?! called at )[^\n]){0,600}+ called at [^\n]{1,400} line \d{1,9}|\bat [^\s]{1,300}\."
    r"(?:p[lm]|t|psgi|cgi) line \d{1,9}"
    r"|^Trace begun at [^\n]{1,400} line \d"
    # A program without an extension: Perl ends with a full stop what it says of its own accord.
    r"|\bat (?=[^\s]{0,300}[/.\\])[^\s]{1,300} line \d{1,9}(?:, <[^>\n]{1,80}> (?:line|chunk) \d{1,9})?\.\r?$",
    re.M,
)
LINE = re.compile(r" line (?P<line>\d{1,9})(?:, <[^>\n]{1,80}> (?:line|chunk) \d{1,9})?\.?$")
LONGEST_FILE = 400
TRACE_BEGUN = "Trace begun"
CALLED = re.compile(r"[ \t]{0,8}(?P<function>[A-Za-z_][\w:]{0,300}+)")
NUMBER = re.compile(r"\d{1,9}\.?")
UNNAMED = frozenset({"eval", "require"})
OWNERS = FileOwners(
    runtime=re.compile(
        r"/(?:share|lib)/perl/\d|/lib/perl5/(?:core_perl|\d[\d.]*/(?!site_perl))|^\(eval|^-e$"
    ),
    library=re.compile(r"/perl5/|/(?:site|vendor)_perl/|/extlib/|/local/lib/"),
    test=re.compile(r"\.t$|(?:^|/)t/"),  # https://perldoc.perl.org/prove
)


def read_perl(text: str) -> RaisedError | None:
    """Return the failure with its frames; None for a text without the place of its death."""
    message, places, functions = "", list[tuple[str, int]](), list[str]()
    for line in lines_of(text):
        if call := called(line):
            function, file, number = call
            functions.append("" if function in UNNAMED else function)
            places.append((file, number))
        elif not places and (died := died_at(line)):
            message = died[0]
            places.append(died[1:])
    if not places:
        return None
    names = [*functions, ""] if len(places) > len(functions) else functions
    frames = (StackFrame(name, file, line) for name, (file, line) in zip(names, places, strict=True))
    return RaisedError("", message, tuple(frames))


def died_at(line: str) -> tuple[str, str, int] | None:
    """The message, the file and the line of `no stock at app.pl line 12.`; None for another line."""
    number = LINE.search(line)
    if number is None:
        return None
    message, _, file = f" {line[: number.start()]}".rpartition(" at ")
    if not 0 < len(file) <= LONGEST_FILE or not (message or line.startswith("at ")):
        return None
    message = message[1:]
    return "" if message == TRACE_BEGUN else message, file, int(number["line"])


def called(line: str) -> tuple[str, str, int] | None:
    """The function, the file and the line of `main::f(1) called at app.pl line 12`; None for another line."""
    head, _, place = line.rpartition(" called at ")
    file, _, number = place.rpartition(" line ")
    function = CALLED.match(head)
    if not file or function is None or not NUMBER.fullmatch(number):
        return None
    return function["function"], file, int(number.rstrip("."))


def described_perl(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and key: with a function, which has its package before it, no file."""
    key = without_builds(frame.function or short_place(frame.file))
    return frame._replace(owner=perl_owner(frame.function, frame.file), key=key)


def perl_owner(function: str, file: str) -> str:
    """Return whose code the frame is."""
    return RUNTIME if function.startswith(("CORE::", "Carp::")) else OWNERS.owner_of(file)


READ, DESCRIBE = read_perl, described_perl
