"""
Values from telemetry in documents, unchanged: between fences that they cannot end, in which nothing is interpreted.

In a code span or block of Markdown no tracker finds a mention, a reference, a link or a command, and a reader or a
program that copies the text has the value itself: https://spec.commonmark.org/0.31.2/#code-spans,
https://spec.commonmark.org/0.31.2/#fenced-code-blocks. What is not the value is said behind it: that it is cut, with
its whole length, that hidden characters are shown by their numbers (hidden_characters.py), or that it is JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

from diagnosis.display.hidden_characters import is_hidden, show_hidden

MOST = 300  # characters
EMPTY = "(empty)"
NUMBERED, AS_JSON = "hidden characters are shown by number", "written as JSON"
BACKTICKS = re.compile(r"`+")
NOFORMAT = re.compile(r"\{\s*noformat", re.I)
# What pytest would run from a document: https://docs.python.org/3/library/doctest.html#how-are-docstring-examples-recognized
EXAMPLE = re.compile(r"^[ \t]*>>>", re.M)


def code(text: object, limit: int = MOST, whole: int = 0) -> str:
    """The text as a code span of Markdown, in one line. `whole`: characters of which the text is the beginning."""
    value = str(text)
    if not value:
        return EMPTY
    shown, notes = beginning(value, limit, whole)
    if "\n" in shown:
        shown, notes = json.dumps(value[:limit]), [*notes_but_numbers(notes), AS_JSON]
    return f"{code_span(shown)}{in_brackets(notes)}"


def code_lines(label: str, text: object, limit: int = MOST, whole: int = 0) -> list[str]:
    """The label and the text, as a code span behind it, or as a block of code below it if it has several lines."""
    value = str(text)
    if "\n" not in value[:limit] or EXAMPLE.search(value):
        return [f"{label} {code(value, limit, whole)}"]
    shown, notes = beginning(value, limit, whole)
    return [f"{label}{in_brackets(notes)}", "", *fenced(shown, "text"), ""]


def noformat(text: object, limit: int = MOST, whole: int = 0) -> str:
    """The text as preformatted text of Jira's wiki markup, which ends at the next `{noformat}`."""
    value = str(text)
    if not value:
        return EMPTY
    shown, notes = beginning(value, limit, whole)
    if NOFORMAT.search(shown):
        shown = json.dumps(value[:limit]).replace("{", "\\u007b")
        notes = [*notes_but_numbers(notes), AS_JSON]
    return f"{{noformat}}{shown}{{noformat}}{in_brackets(notes)}"


def fenced(text: str, language: str) -> list[str]:
    """The text, whose hidden characters are shown, as a block of code of Markdown."""
    fence = "`" * max(3, 1 + longest_run(text))
    return [f"{fence}{language}", text, fence]


def fenced_json(document: Any) -> list[str]:
    """The document as a block of indented JSON; parsed, it is unchanged. Hidden characters are escapes of JSON."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    visible = "".join(json.dumps(each)[1:-1] if each != "\n" and is_hidden(each) else each for each in text)
    return fenced(visible, "json")


def beginning(value: str, limit: int, whole: int) -> tuple[str, list[str]]:
    """The first characters of the value, and what is to be said of them: how much it is, and of hidden characters."""
    part, whole = value[:limit], max(whole, len(value))
    notes = [f"the first {len(part):,} of {whole:,} characters"] if whole > len(part) else []
    if show_hidden(part) == part:
        return part, notes
    # A bracket of the value's own would look like a number.
    return show_hidden(part.replace("⟨", "⟨U+27E8⟩")), [*notes, NUMBERED]


def notes_but_numbers(notes: list[str]) -> list[str]:
    """The notes without that of hidden characters, which JSON escapes."""
    return [note for note in notes if note != NUMBERED]


def code_span(text: str) -> str:
    """The text, which has no line end, as a code span; readers take one space off each end if both have one."""
    fence = "`" * (1 + longest_run(text))
    is_padded = text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and text.strip(" "))
    padding = " " if is_padded else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def longest_run(text: str) -> int:
    """The most backticks in a row."""
    return max(map(len, BACKTICKS.findall(text)), default=0)


def in_brackets(notes: list[str]) -> str:
    """The notes behind a value; "" for none."""
    return f" ({'; '.join(notes)})" if notes else ""
