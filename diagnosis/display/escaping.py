"""
Text from telemetry escaped for trackers, feeds and mail.

Escaped text mentions nobody, refers to and closes no issue, starts no command, and contains no link, image or markup.
Sequences with an effect are broken up by visible characters, mostly spaces; hidden characters are shown by their
numbers. The references that trackers recognise:
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
https://docs.gitlab.com/user/markdown/#gitlab-specific-references
"""

from __future__ import annotations

import re

from diagnosis.display.hidden_characters import show_hidden

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
    (re.compile(r"(\*+|(?<!\w)_+)(?=\S)"), r"\1 "),
)
FIGURES = str.maketrans("[]{}|", "()()/")  # characters that only Jira's wiki markup needs replaced


def code(text: object, limit: int = MOST) -> str:
    """The text as an escaped code span of Markdown."""
    return f"`{inert_line(text, limit)}`"


def plain_line(text: object, limit: int = MOST) -> str:
    """The text in one line, escaped for Markdown and for plain text."""
    escaped = inert_line(text, limit)
    for pattern, replacement in MARKUP:
        escaped = pattern.sub(replacement, escaped)
    return escaped


def wiki(text: object, limit: int = MOST) -> str:
    """The text in one line, escaped for Jira's wiki markup."""
    return plain_line(text, limit).translate(FIGURES)


def escape_sentence(text: object, limit: int = 1000) -> str:
    """Escape a sentence of LoopKit that quotes telemetry in backticks: the backticks stay, each part is escaped."""
    parts = visible_line(text, limit).split("`")
    return "".join(code(part) if number % 2 else spaced(part) for number, part in enumerate(parts))


def spaced(text: str) -> str:
    """A part of a sentence, escaped, with the spaces around it kept."""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{plain_line(text)}{after}" if text.strip() else text


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
