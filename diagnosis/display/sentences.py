"""
Sentences of LoopKit, and the values from telemetry that stand beside them.

No character of telemetry is part of a sentence, since whoever wrote it would speak with LoopKit's voice. A sentence is
one of a closed list of templates in the code: `<names>` in it are LoopKit's own, such as ids and counts, and are filled
in; `{names}` stay as they are. Their values stand beside the sentence, in JSON under `with.text` of the same object, in
documents as quotes after it, on pages as quoted elements in it (filled_sentences.py). So no value can end its quote,
whatever it contains, as with the parameters of a statement in SQL:
https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, NamedTuple

OWN = re.compile(r"<([a-z_]+)>")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
LONGEST = 300  # characters of a value beside a sentence; the record has all of them
Value = str | list[str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the values of its placeholders."""

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)


def filled(template: str, **own: object) -> str:
    """The template with LoopKit's own facts in the places of their `<names>`; a name without a fact stays."""
    return OWN.sub(lambda match: str(own.get(match[1], match[0])), template)


class ValueBeside(NamedTuple):
    """A value as it stands beside a sentence: the beginning of it, and how many characters the whole of it has."""

    name: str
    text: str
    whole: int

    @property
    def shown(self) -> str:
        """The value for people, with what is cut."""
        is_cut = self.whole > len(self.text)
        return f"{self.text}… (cut: {self.whole:,} characters in total)" if is_cut else self.text


def beside(*sentences: Sentence) -> dict[str, Any]:
    """
    The part of a JSON object that holds the values of its sentences: `{"with": {"text": {...}}}`, or nothing.

    Of a value that is longer than LONGEST it is the beginning, and `cut` has the number of its characters.
    """
    values = {name: value for sentence in sentences for name, value in sentence.values.items()}
    text = {name: bounded(value) for name, value in values.items()}
    cut = {name: lengths(value) for name, value in values.items() if text[name] != value}
    return {"with": {"text": text} | ({"cut": cut} if cut else {})} if text else {}


def bounded(value: Value) -> Value:
    """The value, or its beginning if it is longer than LONGEST."""
    return [each[:LONGEST] for each in value] if isinstance(value, list) else value[:LONGEST]


def lengths(value: Value) -> int | list[int]:
    """The number of characters of the value, or of each of several."""
    return list(map(len, value)) if isinstance(value, list) else len(value)


def values_beside(text: str, holder: Mapping[str, Any]) -> list[ValueBeside]:
    """The value of each placeholder of the sentence, as it stands beside it in the object that holds it."""
    kept = holder.get("with") or {}
    values, cut = kept.get("text") or {}, kept.get("cut") or {}
    return [
        ValueBeside(name, str(each), max(whole, len(str(each))))
        for name in dict.fromkeys(PLACEHOLDER.findall(text))
        for each, whole in zip(
            several(values.get(name)), chain(several(cut.get(name)), repeat(0)), strict=False
        )
        if each is not None
    ]


def several(value: Any) -> list[Any]:
    """The values of a list, the only value of another, and none of None."""
    return value if isinstance(value, list) else [] if value is None else [value]


def values_of(text: str, holder: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The name and value of each placeholder of the sentence, for people."""
    return [(value.name, value.shown) for value in values_beside(text, holder)]
