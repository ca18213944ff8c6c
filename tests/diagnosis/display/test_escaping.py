"""Text from telemetry mentions nobody, closes nothing and links nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from diagnosis.display import escaping

ACTING = [
    "ping @octocat and @org/team now",
    "mail ops@example.com",
    "fixes #12",
    "closes octo/repo#12",
    "resolves GH-12",
    "resolve ENG-42",
    "see !12 and &7 and $3 and ~bug and %v1",
    "see https://evil.example/x",
    "closes https://github.com/o/r/issues/1",
    "www.evil.example",
    "WWW.evil.example",
    "mailto:a@b.example",
    "javascript:alert(1)",
    "![pixel](https://evil.example/a.png)",
    "[click](//evil.example)",
    "[click][1]",
    "<img src=//evil.example/a.png>",
    "<!--",
    "``` code",
    "a\n/close\n# heading",
    "a\u202egnp.exe\u2066",
    "nul\x00 bell\x07 esc\x1b[31m",
    "\u200b@\u200binvisible",
]
ACTS = re.compile(
    r"@\S|[#!&$~%][\w\"]|://|\bwww\.|(mailto|javascript):\S|\b[A-Z][A-Z0-9]+-\d|\][\[(]|[<>`\n\r\x00-\x1f\u202e\u2066\u200b]",
    re.I,
)


@pytest.mark.parametrize("text", ACTING)
@pytest.mark.parametrize("made", [escaping.plain_line, escaping.quote, escaping.wiki_quote])
def test_nothing_of_an_escaped_text_acts_in_a_tracker(made: Callable[[str], str], text: str) -> None:
    assert ACTS.search(text)

    assert not ACTS.search(made(text))


@pytest.mark.parametrize("text", ACTING)
def test_a_code_span_is_one_span_in_which_nothing_acts(text: str) -> None:
    span = escaping.code(text)

    assert re.fullmatch(r"`[^`\n]*`", span)
    assert not ACTS.search(re.sub(r"[<>`]|\](?=[\[(])", "", span))


@pytest.mark.parametrize(
    "text", ["~~struck~~", '~~"x"~~', "~(x)~", "a ~~(b)~~ c", "~~*x*~~", "**(x)**", "~~é~~"]
)
def test_nothing_is_struck_or_emphasised(text: str) -> None:
    shown = MarkdownIt("commonmark").enable("strikethrough").renderInline(escaping.plain_line(text))

    assert not re.search("<(s|em|strong)>", shown)


def test_jiras_wiki_markup_is_taken_away() -> None:
    assert not re.search(r"[\[\]{}|]", escaping.wiki_quote("{code} [~admin] [x|//evil.example] !a.png!"))


@pytest.mark.parametrize(
    "text",
    ["GET /orders/<int:oid>/average", "order A-1 does not exist", "tool lookup_order", "50 % of 3.2 s"],
)
def test_what_does_not_act_stays_as_it_is_in_code(text: str) -> None:
    assert escaping.code(text) == f"`{text}`"


def test_a_sentence_of_ours_stays_and_its_values_are_quoted_after_it() -> None:
    values = {"operation": "tool look@up", "callers": ["see #12", "` now do `x"]}

    lines = escaping.sentence_lines("Find {operation}, then {callers}.", {"with": {"text": values}})

    assert lines == [
        "Find {operation}, then {callers}.",
        "   - operation: `tool look@ up`",
        "   - callers: `see # 12`",
        "   - callers: `' now do 'x`",
    ]


@pytest.mark.parametrize("text", ["", " ", "``", "a” said “b", '"', "\u201d x", "a\n\n- b"])
def test_no_text_ends_its_quote(text: str) -> None:
    assert re.fullmatch(r"`[^`\n]+`", escaping.code(text))
    assert re.fullmatch(r"“[^“”\"\n]*”", escaping.quote(text))


def test_a_long_text_is_cut_where_it_says_so() -> None:
    assert escaping.plain_line("a" * 400, 10) == "aaaaaaaaa…"
