"""
Text from telemetry made harmless where people paste it: trackers, feeds, mail.

It mentions nobody, refers to and closes no issue, starts no command, and carries no link, image or markup. What acts
is broken up where one sees it; nothing invisible is put in, and what was invisible is shown by its number.
What acts where:
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
https://docs.gitlab.com/user/markdown/#gitlab-specific-references
"""

from __future__ import annotations

import re

from diagnosis.display.hidden_characters import show_hidden

MOST = 300
BREAKS = (
    (re.compile(r"@(?=\S)"), "@ "),  # people and teams; addresses of e-mail
    (
        re.compile(r"([#!&$~%])(?=[\w\"])"),
        r"\1 ",
    ),  # issues, merge requests, epics, snippets, labels, milestones
    (re.compile(r"\](?=[\[(:])"), "] "),  # links and images
    (re.compile(r"://"), ": //"),
    (re.compile(r"\b(www)\.", re.I), r"\1 ."),
    (re.compile(r"\b(mailto|tel|javascript|data):(?=\S)", re.I), r"\1: "),
    (
        re.compile(r"\b([A-Z][A-Z0-9_]+)-(?=\d)"),
        "\\1\u2011",
    ),  # ABC-12 of Jira and Linear, GH-12: another hyphen
)
MARKUP = (
    (re.compile(r"[<>]"), lambda found: {"<": "‹", ">": "›"}[found[0]]),
    (re.compile(r"\\(?=\S)"), r"\\ "),
)
FIGURES = str.maketrans("[]{}|", "()()/")  # of Jira's wiki markup, too


def code(text: object, most: int = MOST) -> str:
    """The text as a code span of Markdown."""
    return f"`{broken(text, most)}`"


def plain(text: object, most: int = MOST) -> str:
    """The text for where Markdown or nothing is rendered, in one line."""
    said = broken(text, most)
    for pattern, instead in MARKUP:
        said = pattern.sub(instead, said)
    return said


def wiki(text: object, most: int = MOST) -> str:
    """The text for Jira's wiki markup."""
    return plain(text, most).translate(FIGURES)


def with_code(text: object, most: int = 1000) -> str:
    """A sentence of ours that quotes telemetry between backticks: these stay, each part is made harmless."""
    parts = line(text, most).split("`")
    return "".join(code(part) if number % 2 else spaced(part) for number, part in enumerate(parts))


def spaced(text: str) -> str:
    """A part of a sentence, with the spaces around it."""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{plain(text)}{after}" if text.strip() else text


def broken(text: object, most: int) -> str:
    """One line in which nothing acts."""
    said = line(text, most).replace("`", "'")
    for pattern, instead in BREAKS:
        said = pattern.sub(instead, said)
    return said


def line(text: object, most: int) -> str:
    """One line of text, cut if it is too long; hidden characters are shown by their number."""
    raw = re.sub(r"[\t\n\r]", " ", str(text)[: most * 4])
    short = " ".join(show_hidden(raw).split())
    return short if len(short) <= most else f"{short[: most - 1]}…"
