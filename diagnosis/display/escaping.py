"""
Text from telemetry escaped for titles, feeds and mail, where nothing can be fenced. Documents have it unchanged
(exact_text.py).

Escaped text mentions nobody, refers to and closes no issue, starts no command, and contains no link, image or markup.
Sequences with an effect are broken up by visible characters, mostly spaces; hidden characters are shown by their
numbers. The references that trackers recognise:
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
https://docs.gitlab.com/user/markdown/#gitlab-specific-references
"""

from __future__ import annotations

import re

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.quotation_marks import inside_quotes

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
FIGURES = str.maketrans("[]{}|", "()()/")  # characters that only Jira's wiki markup needs replaced


def plain_line(text: object, limit: int = MOST) -> str:
    """The text in one line, escaped for Markdown and for plain text."""
    escaped = inert_line(text, limit)
    for pattern, replacement in MARKUP:
        escaped = pattern.sub(replacement, escaped)
    return escaped


def quote(text: object, limit: int = MOST) -> str:
    """The text in one line between quotation marks that it cannot end, escaped for Markdown and for plain text."""
    return f"“{inside_quotes(plain_line(text, limit))}”"


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
