"""
Python: tracebacks, chains of exceptions, and exception groups.

Forms: https://docs.python.org/3/library/traceback.html. A chain begins with its root cause:
https://docs.python.org/3/library/exceptions.html#exception-context. A group is drawn with a margin, two columns for
each level, in https://github.com/python/cpython/blob/main/Lib/traceback.py (`_ExceptionPrintContext`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from telemetry.stacks.frame import (
    LIBRARY,
    MAX_CAUSES,
    OWN,
    RUNTIME,
    TEST,
    RaisedError,
    StackFrame,
    chained,
    lines_of,
)
from telemetry.stacks.places import code_key, is_in_library, slashed

# Its stacks quote the lines of code, which may have the form of any other language.
BEFORE = ("beam", "dart", "go", "jvm", "lua", "perl", "php", "powershell", "ruby", "rust")
MARKS = ('File "',)
EXTENSIONS = (".py", ".pyx", ".pyi", ".pyw")
FORM = re.compile(r'^[ |]{0,80}File "[^"\n]{1,400}", line \d', re.M)
HEADER = "Traceback (most recent call last):"
GROUP = "Exception Group Traceback"
CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
FRAME = re.compile(
    r' {0,80}File "(?P<file>[^"\n]{1,400})", line (?P<line>\d{1,9})(?:, in (?P<function>\S{1,200}))?'
)
TYPE_AND_MESSAGE = re.compile(r"(?P<type>[A-Za-z_][\w.<>]{0,200})(?:: (?P<message>.*))?$")
# The margin of a group, and the rule above each of its sub-exceptions, whose `+` stands where their margin is.
MARGIN = re.compile(r" {0,80}[|+]")
RULE = re.compile(r" {0,80}(?:\+-)?(?P<corner>\+)-{4,40} [^-\n]{1,40} -{4,40}")
# They are frames of their own before Python 3.12 only: https://peps.python.org/pep-0709/
COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})
# https://docs.python.org/3/using/windows.html: the standard library stands in Lib beside python.exe.
RUNTIME_FILE = re.compile(
    r"^<(?:frozen |string>|attrs |__array_function__)|/lib(?:64)?/(?:python|pypy)[\d.]+t?/|/lib-python/|/lib_pypy/"
    r"|(?i:/(?:python[\d.-]*|(?:mini|ana)(?:conda|forge)\d?|x64|envs/[^/]+)/lib/)"
)
LIBRARY_FILE = re.compile(r"/(?:site|dist)-packages/|\.egg/|\.whl/|^/opt/python/")
# https://docs.pytest.org/en/stable/explanation/goodpractices.html#conventions-for-python-test-discovery
TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|(?:^|/)tests/")


@dataclass(slots=True)
class PythonBlock:
    """The lines of one exception, and the blocks of each sub-exception's chain, root cause first."""

    lines: list[str] = field(default_factory=list)
    members: list[list[PythonBlock]] = field(default_factory=list)


def read_python(text: str) -> RaisedError | None:
    """Return the exception that left, with the chain of its causes; None for a text without a frame."""
    lines = lines_of(text)
    if GROUP in text:
        raised = chain_of(grouped_blocks(lines))
    elif CHAINED[0] in text or CHAINED[1] in text:
        raised = chain_of(plain_blocks(lines))
    else:
        raised = python_error(PythonBlock(lines))
    return raised if any(raised.all_frames()) else None


def plain_blocks(lines: Sequence[str]) -> list[PythonBlock]:
    """Return the exceptions of a chain without groups, root cause first."""
    blocks = [PythonBlock()]
    for line in lines:
        add_line(blocks, line)
    return blocks


def add_line(chain: list[PythonBlock], line: str) -> None:
    """Add the line to the chain's last exception, or begin another one behind the sentence that says so."""
    if line.startswith(CHAINED):
        chain.append(PythonBlock())
    else:
        chain[-1].lines.append(line)


def grouped_blocks(lines: Sequence[str]) -> list[PythonBlock]:
    """Return the exceptions of a chain with groups; sub-exceptions stand to the right of their group's margin."""
    outermost = [PythonBlock()]
    open_chains = [(-1, outermost)]  # with the column of their margin
    for line in lines:
        rule = RULE.match(line)
        column = margin_column(line) if rule is None else rule.start("corner")
        least = column if rule else column + 1
        while len(open_chains) > 1 and open_chains[-1][0] >= least:
            open_chains.pop()
        if rule:
            member = [PythonBlock()]
            open_chains[-1][1][-1].members.append(member)
            open_chains.append((column, member))
        else:
            add_line(open_chains[-1][1], line[column + 2 :] if column >= 0 else line)
    return outermost


def margin_column(line: str) -> int:
    """Return the column of the group's margin in the line; -1 without one."""
    margin = MARGIN.match(line)
    return margin.end() - 1 if margin else -1


def chain_of(blocks: Sequence[PythonBlock]) -> RaisedError:
    """Return the last exception of the chain, with those before it as its causes."""
    return chained([python_error(block) for block in reversed(blocks)])


def python_error(block: PythonBlock) -> RaisedError:
    """
    Return the exception of the block, by its last traceback: earlier ones are part of its message.

    The first line after the frames that is not indented names the exception; the lines that follow are notes.
    """
    lines = block.lines
    start = next((at for at in range(len(lines), 0, -1) if HEADER in lines[at - 1]), 0)
    lines = lines[start:]
    named = next((line for line in lines if line and not line[0].isspace()), "")
    match = TYPE_AND_MESSAGE.match(named)
    return RaisedError(
        match["type"] if match else "",
        (match["message"] or "") if match else "",
        python_frames(lines),
        members=tuple(chain_of(member) for member in block.members[:MAX_CAUSES]),
    )


def python_frames(lines: Sequence[str]) -> tuple[StackFrame, ...]:
    """Return the frames of the lines, nearest to the failure first."""
    matches = (FRAME.match(line) for line in reversed(lines) if 'File "' in line)
    return tuple(
        StackFrame(match["function"] or "", match["file"], int(match["line"]))
        for match in matches
        if match and match["function"] not in COMPREHENSIONS
    )


def described_python(frame: StackFrame) -> StackFrame:
    """Return the frame with its owner and key."""
    return frame._replace(owner=python_owner(frame), key=code_key(frame.function, frame.file))


def python_owner(frame: StackFrame) -> str:
    """Return whose code the frame is, by the path of its file."""
    file = slashed(frame.file)
    if LIBRARY_FILE.search(file) or is_in_library(file):
        return RUNTIME if RUNTIME_FILE.search(file) and "-packages/" not in file else LIBRARY
    if RUNTIME_FILE.search(file):
        return RUNTIME
    return TEST if TEST_FILE.search(file) else OWN


READ, DESCRIBE = read_python, described_python
