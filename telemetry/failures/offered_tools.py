"""
The tools that a model was offered, as its span records them: JSON or a repr, whole or cut, in one attribute or many.

Names are searched for in the text, which is not parsed. Both the names that a model calls and the definitions come from
outside, so only the first few names are searched for one by one; for more, all names in the text are collected once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import orjson

FEW = 8  # names that are searched for in the whole text; models call one tool, or a few at once
NAME = r"[\w.:/-]{1,128}"  # https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-names
IN_QUOTES = re.compile(rf"\"({NAME})(?=\")|'({NAME})(?=')")
ONE_NAME = re.compile(NAME)


class OfferedTools:
    """The texts that define a model's tools, asked for their names."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.answers: dict[str, bool] = {}  # by name

    def may_have(self, name: str) -> bool:
        """Whether a tool of this name was offered; also true where that cannot be known, because the texts are cut."""
        if name not in self.answers:
            self.answers[name] = not self.texts or self.is_named(name) or self.is_cut
        return self.answers[name]

    def is_named(self, name: str) -> bool:
        """Whether the texts name the tool; of many names, one that no tool can have counts as named."""
        if len(self.answers) < FEW:
            return any(name == text or f'"{name}"' in text or f"'{name}'" in text for text in self.texts)
        return name in self.names or not ONE_NAME.fullmatch(name)

    @cached_property
    def is_cut(self) -> bool:
        """Whether one of the texts is JSON without its end: SDKs cut long attributes."""
        return any(text.startswith(("[{", '{"')) and not is_json(text) for text in self.texts)

    @cached_property
    def names(self) -> frozenset[str]:
        """What the texts have in quotes and could be a tool's name, and the texts themselves."""
        return frozenset(self.texts).union(
            match[1] or match[2] for text in self.texts for match in IN_QUOTES.finditer(text)
        )


def is_json(text: str) -> bool:
    """Whether the text is JSON or blank: the arguments of a call without any are often blank."""
    try:
        return not text.strip() or orjson.loads(text) is not None
    except orjson.JSONDecodeError:
        return False
