"""
Sentences of LoopKit, and the values from telemetry that stand beside them.

No character of telemetry is part of a sentence, since whoever wrote it would speak with LoopKit's voice. A sentence is
one of a closed list of templates in the code: `<names>` in it are LoopKit's own, such as ids and counts, and are filled
in; `{names}` stay as they are. Their values stand beside the sentence, in JSON under `with.text` of the same object, in
documents and pages as quotes after it. So no value can end its quote, whatever it contains, as with the parameters of
a statement in SQL: https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


def beside(*sentences: Sentence) -> dict[str, Any]:
    """The part of a JSON object that holds the values of its sentences: `{"with": {"text": {...}}}`, or nothing."""
    text = {name: bounded(value) for sentence in sentences for name, value in sentence.values.items()}
    return {"with": {"text": text}} if text else {}


def bounded(value: Value) -> Value:
    """The value, or its beginning if it is longer than LONGEST."""
    if isinstance(value, list):
        return [str(bounded(each)) for each in value]
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"


def values_of(text: str, holder: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The name and value of each placeholder of the sentence, as they stand beside it in the object that holds it."""
    values = (holder.get("with") or {}).get("text") or {}
    return [
        (name, each)
        for name in dict.fromkeys(PLACEHOLDER.findall(text))
        for each in (values[name] if isinstance(values.get(name), list) else [values.get(name)])
        if each is not None
    ]
