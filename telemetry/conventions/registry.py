"""
The conventions, found by looking: each file of this package that has MARKERS is one. A new convention is a new file.

A span is known by its scope and by marker attributes. Where several know it, the one that is BEFORE the others reads
it, since many special conventions write OpenTelemetry's general names too.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Protocol, cast

from telemetry.discovery import find_modules, in_order, require_parts
from telemetry.spans.form import once_a_form
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

LONGEST = 100  # characters of a scope's name that are looked at, so that what is remembered stays small
REMEMBERED = 1024  # combinations of scope and markers; real traffic has a few dozen
PARTS = ("BEFORE", "SCOPES", "MARKERS", "read", "input_of", "output_of")


class Convention(Protocol):
    """The parts that each convention's file offers; those with a value here may be left out."""

    __name__: str
    # The conventions that know some of its spans too, and are asked after it.
    BEFORE: tuple[str, ...]
    SCOPES: tuple[str, ...]  # names of instrumentation scopes; `*` at the end stands for any rest
    MARKERS: frozenset[str]  # attributes that only this convention's spans have

    TOOLS_OFFERED: tuple[str, ...] = ()  # how the attributes begin that hold the tools offered to a model
    TOOL_CALLS: tuple[str, ...] = ()  # how the attributes of an answer begin that number its tool calls
    FIRST_CALLS: tuple[str, ...] = ()  # of these, the attributes that name the first call
    ANSWER_TEXTS: tuple[str, ...] = ()  # attributes that hold a model's answer as a text of JSON
    INPUT_TEXTS: tuple[str, ...] = ()  # attributes that hold what a model was given as a text of JSON
    UNREADABLE_CALLS: tuple[str, ...] = ()  # attributes that hold tool calls which the client could not read
    LEAVES_OUT_CALLS: bool = False  # tool calls whose arguments it could not read are no part of the answer
    FAILED_TOOL: dict[str, Any] = {}  # the value of an attribute that marks a tool call as failed
    EXPECTED: tuple[str, ...] = ()  # attributes that hold the output that should have come
    FAILS_WITHOUT_STATUS: bool = False  # a recorded exception is a failure, whatever the span's status says

    def read(self, span: Span) -> Meaning:
        """The facts for columns. Runs for every span at ingest."""

    def input_of(self, span: Span) -> Any:
        """The input of the unit of work, as it was sent; None when it was not recorded."""

    def output_of(self, span: Span) -> Any:
        """The output of the unit of work, as it was sent; None when it was not recorded."""


class ConventionRegistry:
    """The conventions of a package, in the order in which they are asked, and what they name together."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "MARKERS")
        require_parts(modules, PARTS)
        self.conventions = tuple(cast(Convention, module) for module in in_order(modules))
        self.markers = frozenset(self.names("MARKERS"))
        self.tools_offered = self.names("TOOLS_OFFERED")
        self.tool_calls = self.names("TOOL_CALLS")
        self.first_calls = frozenset(self.names("FIRST_CALLS"))
        self.answer_texts = tuple(dict.fromkeys(self.names("ANSWER_TEXTS")))
        self.input_texts = tuple(dict.fromkeys(self.names("INPUT_TEXTS")))
        self.unreadable_calls = self.names("UNREADABLE_CALLS")
        self.expected = self.names("EXPECTED")
        self.failed_tool = {
            name: value
            for convention in self.conventions
            for name, value in getattr(convention, "FAILED_TOOL", {}).items()
        }
        self.failed_marks = frozenset(self.failed_tool)
        self.lookup = lru_cache(maxsize=REMEMBERED)(self.search)
        self.of = once_a_form(self.recognized)

    def names(self, part: str) -> tuple[str, ...]:
        """The names that the conventions list under an optional part, in their order."""
        return tuple(name for convention in self.conventions for name in getattr(convention, part, ()))

    def recognized(self, span: Span) -> Convention | None:
        """The convention that the span was written in, or None for work without a model, such as HTTP."""
        return self.lookup(span.origin.scope_name[:LONGEST], self.markers.intersection(span.attributes))

    def search(self, scope: str, marks: frozenset[str]) -> Convention | None:
        """The first convention that knows the scope or one of the marks."""
        return next((each for each in self.conventions if knows(each, scope, marks)), None)


def knows(convention: Convention, scope: str, marks: frozenset[str]) -> bool:
    """Whether the scope or one of the marks is the convention's own."""
    return not convention.MARKERS.isdisjoint(marks) or any(
        fnmatchcase(scope, pattern) for pattern in convention.SCOPES
    )
