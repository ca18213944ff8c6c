"""A name in a text that is, or may be, that of a secret."""

from __future__ import annotations

from typing import NamedTuple


class Name(NamedTuple):
    """A name in a text, and the text backwards, in which what stands before it is read."""

    name: str
    start: int
    end: int
    backwards: str
    before: int  # where, in the text read backwards, what stands before the name begins
    is_secret: bool  # or a parameter, which is one only in some places
