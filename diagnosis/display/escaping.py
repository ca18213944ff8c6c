"""
Text from telemetry escaped for trackers, feeds and mail.

Escaped text mentions nobody, refers to and closes no issue, starts no command, and contains no link, image or markup.
Sequences with an effect are broken up by visible characters, mostly spaces; hidden characters are shown by their
numbers. The references that trackers recognise:
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
https://docs.gitlab.com/user/markdown/#gitlab-specific-references
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.quotation_marks import inside_quotes
from diagnosis.display.sentences import values_of

MOST = 300  # characters
BREAKS = (
    # People and teams; e-mail addresses.
    (re.compile(r"@(?=\S)"), "@ "),
    # Issues, merge requests, epics, snippets, labels, milestones.
    (re.compile(r"([#!&$~%])(?=[\w\"])"), r"\1 "),
    # Links and images.
    (re.compile(r"\](?=[\[(:])"), "] "),
    (re.compile(r"://"), ": //"),
    (re.compile(r"\b(www)\.", re.I), r"\1 ."),
    (re.compile(r"\b(mailto|tel|javascript|data):(?=\S)", re.I), r"\1: "),
    # Issues such as ABC-12 of Jira and Linear, and GH-12: the hyphen becomes a non-breaking one.
    (re.compile(r"\b([A-Z][A-Z0-9_]+)-(?=\d)"), "\\1\u2011"),
)
MARKUP = (
    (re.compile(r"[<>]"), lambda match: {"<": "‹", ">": "›"}[match[0]]),
    (re.compile(r"\\(?=\S)"), r"\\ "),
    # What can begin emphasis: https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis
    # and strikethrough: https://github.github.com/gfm/#strikethrough-extension-
    (re.compile(r"(\*+|~+|(?<!\w)_+)(?=\S)"), r"\1 "),
)
# Characters that in JSON are in strings alone.
JSON_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "@#!&$~%`<>\x7f"}
FIGURES = str.maketrans("[]{}|", "()()/")  # characters that only Jira's wiki markup needs replaced


def code(text: object, limit: int = MOST) -> str:
    """The text as an escaped code span of Markdown."""
    return f"`{inert_line(text, limit) or '(empty)'}`"


def plain_line(text: object, limit: int = MOST) -> str:
    """The text in one line, escaped for Markdown and for plain text."""
    escaped = inert_line(text, limit)
    for pattern, replacement in MARKUP:
        escaped = pattern.sub(replacement, escaped)
    return escaped


def quote(text: object, limit: int = MOST) -> str:
    """The text in one line between quotation marks that it cannot end, escaped for Markdown and for plain text."""
    return f"“{inside_quotes(plain_line(text, limit))}”"


def wiki_quote(text: object, limit: int = MOST) -> str:
    """`quote` for Jira's wiki markup."""
    return quote(text, limit).translate(FIGURES)


def inert_json(document: Any) -> str:
    """The document as indented JSON in ASCII in which nothing that trackers act on is left; parsed, it is unchanged."""
    return json.dumps(document, indent=2, default=str).translate(JSON_ESCAPES)


def sentence_lines(text: str, holder: Mapping[str, Any]) -> list[str]:
    """A sentence of LoopKit, and a list of the values for which its placeholders stand, as code spans of Markdown."""
    return [text, *(f"   - {name}: {code(value)}" for name, value in values_of(text, holder))]


def inert_line(text: object, limit: int) -> str:
    """The text in one line, with backticks and every sequence of BREAKS replaced."""
    escaped = visible_line(text, limit).replace("`", "'")
    for pattern, replacement in BREAKS:
        escaped = pattern.sub(replacement, escaped)
    return escaped


def visible_line(text: object, limit: int) -> str:
    """The text in one line of at most `limit` characters; hidden characters are shown by their numbers."""
    raw = re.sub(r"[\t\n\r]", " ", str(text)[: limit * 4])
    shown = " ".join(show_hidden(raw).split())
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
