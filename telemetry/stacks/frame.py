"""
The one type of stack frame, and the exceptions that stacks hold, whatever the language.

Whose code a frame is decides what it says about a failure: the application's own names it, a library's says where it
was used wrongly, the runtime's says little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

# Whose code a frame is. Of test code, which calls what fails; of functions without a file whose owner nothing says.
OWN, LIBRARY, RUNTIME, TEST, UNKNOWN = "own", "library", "runtime", "test", "unknown"
MAX_FRAMES = 200  # of one exception, nearest to the failure first
MAX_CAUSES = 20  # exceptions of one chain, and sub-exceptions of one group
LONGEST_LINE = 2_000  # characters of a line that are read


class StackFrame(NamedTuple):
    """One frame of a stack; "" and None for unknown parts. `owner` and `key` are set once a stack is read."""

    function: str  # by the name that a developer wrote
    file: str
    line: int | None = None
    owner: str = UNKNOWN
    key: str = ""  # what distinguishes the code: no line, nothing that changes with each build

    @property
    def is_own(self) -> bool:
        """Whether the frame is the application's own code."""
        return self.owner == OWN


class RaisedError(NamedTuple):
    """An exception in a stack's text. Causes and members are read to a bounded number, so no tree of them is deep."""

    error_type: str
    message: str  # its first line
    frames: tuple[StackFrame, ...]  # nearest to the failure first
    cause: RaisedError | None = None
    members: tuple[RaisedError, ...] = ()  # the sub-exceptions of a group

    def chain(self) -> list[RaisedError]:
        """Return this exception, its cause, and so on up to the root cause."""
        exceptions = [self]
        while exceptions[-1].cause:
            exceptions.append(exceptions[-1].cause)
        return exceptions

    def all_frames(self) -> Iterator[StackFrame]:
        """Yield the frames of the root causes first, then those of the exceptions around them."""
        for raised in reversed(self.chain()):
            for member in raised.members:
                yield from member.all_frames()
            yield from raised.frames


def chained(exceptions: Sequence[RaisedError]) -> RaisedError:
    """Return the first of these exceptions, each caused by the next one. Of many, the middle ones are left out."""
    if len(exceptions) > MAX_CAUSES:
        exceptions = [*exceptions[: MAX_CAUSES // 2], *exceptions[-MAX_CAUSES // 2 :]]
    result = exceptions[-1]
    for outer in reversed(exceptions[:-1]):
        result = outer._replace(cause=result)
    return result


def lines_of(text: str) -> list[str]:
    """Return the lines of the text, each cut to LONGEST_LINE characters."""
    lines = text.split("\n")
    if len(text) <= LONGEST_LINE and "\r" not in text:
        return lines
    return [line[:LONGEST_LINE].rstrip("\r") for line in lines]


def number_or_none(digits: str | None) -> int | None:
    """Return the number in a match's group of digits; None for a group that is empty or missing."""
    return int(digits) if digits else None


def frames_in(lines: Iterable[str], frame_in: Callable[[str], StackFrame | None]) -> tuple[StackFrame, ...]:
    """Return the frames of the lines, of which `frame_in` reads one, or None for a line without a frame."""
    return tuple(frame for line in lines if (frame := frame_in(line)))
