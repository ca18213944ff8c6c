"""
Text from telemetry in the answers of tools: under `text`, and nowhere else.

So that an agent can tell it from what LoopKit says. Hidden characters are shown by their numbers, lines are joined,
and long texts are cut, with the number of characters that follow.
"""

from __future__ import annotations

from typing import Any

import orjson

from diagnosis.display.visible_json import visible_json

IN_A_LIST, IN_ONE = 240, 2_000  # characters of a text that are shown


def under_text(longest: int = IN_A_LIST, **texts: Any) -> dict[str, Any]:
    """`{"text": {...}}` with those of the texts that are not empty, or {}."""
    shown = {
        name: cut_text(lines_joined(str(text)), longest)
        for name, text in texts.items()
        if text not in (None, "")
    }
    return {"text": shown} if shown else {}


def lines_joined(text: str) -> str:
    """The text with its lines joined by blanks."""
    return " ".join(text.split("\n")) if "\n" in text else text


def cut_text(text: str, longest: int) -> str:
    """The text, or its beginning with the number of characters that follow: `…(+1,204)`."""
    return text if len(text) <= longest else f"{text[:longest]}…(+{len(text) - longest:,})"


def cut_texts(value: Any, longest: int) -> Any:
    """The value with each text in it cut, at any depth."""
    if isinstance(value, str):
        return cut_text(value, longest)
    if isinstance(value, list):
        return [cut_texts(item, longest) for item in value]
    if isinstance(value, dict):
        return {cut_text(name, longest): cut_texts(item, longest) for name, item in value.items()}
    return value


def visible_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with hidden characters shown by their numbers, in names and in texts."""
    document = orjson.dumps(answer)
    shown = visible_json(document)
    return answer if shown is document else dict(orjson.loads(shown))
