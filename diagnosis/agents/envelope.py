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
SIZES = ((1_000, 40), (400, 20), (160, 10), (60, 6), (24, 3))  # of texts, and of lists and objects, by turns
DEEPEST = 6  # levels of objects under `text`, where little room is left


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


def shrunk(value: Any, most: int) -> Any:
    """
    The value in at most so many characters of JSON, if cutting what is under `text` and the ends of lists does that.

    What LoopKit says itself, such as ids and numbers, stays as it is.
    """
    for longest, members in SIZES:
        if len(orjson.dumps(value).decode()) <= most:
            break
        value = cut_whole(value, longest, members)
    return value


def cut_whole(value: Any, longest: int, members: int, is_text: bool = False, depth: int = 0) -> Any:
    """The value with at most so many members of each list, and of each object under `text`, whose texts are cut."""
    if isinstance(value, list):
        kept = [cut_whole(item, longest, members, is_text, depth + 1) for item in value[:members]]
        return kept + ([f"…(+{len(value) - members:,})"] if len(value) > members else [])
    if isinstance(value, dict) and is_text and depth > DEEPEST:
        return f"…(+{len(value):,})"
    if isinstance(value, dict):
        names = list(value)[:members] if is_text else list(value)
        return {
            cut_text(name, longest) if is_text else name: cut_whole(
                value[name], longest, members, is_text or name == "text", depth + 1
            )
            for name in names
        } | ({"…": f"+{len(value) - members:,}"} if len(value) > len(names) else {})
    return cut_text(value, longest) if is_text and isinstance(value, str) else value


def visible(value: Any) -> Any:
    """The value with hidden characters shown by their numbers, in names and in texts."""
    document = orjson.dumps(value)
    shown = visible_json(document)
    return value if shown is document else orjson.loads(shown)
