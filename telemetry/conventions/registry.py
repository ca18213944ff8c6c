"""
The conventions, found by looking: each file of this package that has a RANK is one. A new convention is a new file.

A span is known by its scope and by marker attributes. The lowest rank that knows it reads it, since many special
conventions write OpenTelemetry's general names too.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

LONGEST = 100  # characters of a scope's name that are looked at, so that what is remembered stays small
REMEMBERED = 1024  # combinations of scope and markers; real traffic has a few dozen


class Convention(Protocol):
    """What each convention's file offers. `__name__` is the module's own."""

    __name__: str
    RANK: int  # where two know a span, the lower one reads it
    SCOPES: tuple[str, ...]  # names of instrumentation scopes; `*` at the end stands for any rest
    MARKERS: frozenset[str]  # attributes that only this convention's spans have

    def read(self, span: Span) -> Meaning:
        """The facts for columns. Runs for every span at ingest."""

    def input_of(self, span: Span) -> Any:
        """What went into the unit of work, as it was sent; None when it was not recorded."""

    def output_of(self, span: Span) -> Any:
        """What came out of it, as it was sent; None when it was not recorded."""


class Registry:
    """The conventions of a package, in the order in which they are asked."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = [import_module(f"{package}.{found.name}") for found in iter_modules(folders)]
        known = [cast(Convention, module) for module in modules if hasattr(module, "RANK")]
        self.conventions = tuple(sorted(known, key=lambda one: (one.RANK, one.__name__)))
        self.markers = frozenset[str]().union(*(one.MARKERS for one in self.conventions))
        self.lookup = lru_cache(maxsize=REMEMBERED)(self.search)

    def of(self, span: Span) -> Convention | None:
        """The convention that the span was written in, or None for work without a model, such as HTTP."""
        return self.lookup(span.origin.scope_name[:LONGEST], self.markers.intersection(span.attributes))

    def search(self, scope: str, marks: frozenset[str]) -> Convention | None:
        """The first that knows the scope or one of the marks."""
        return next((one for one in self.conventions if knows(one, scope, marks)), None)


def knows(convention: Convention, scope: str, marks: frozenset[str]) -> bool:
    """Whether the scope or one of the marks is the convention's own."""
    return not convention.MARKERS.isdisjoint(marks) or any(
        fnmatchcase(scope, pattern) for pattern in convention.SCOPES
    )
