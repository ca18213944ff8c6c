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
@pytest.mark.parametrize("made", [escaping.plain_line, escaping.quote])
def test_nothing_of_an_escaped_text_acts_in_a_tracker(made: Callable[[str], str], text: str) -> None:
    assert ACTS.search(text)

    assert not ACTS.search(made(text))


@pytest.mark.parametrize(
    "text", ["~~struck~~", '~~"x"~~', "~(x)~", "a ~~(b)~~ c", "~~*x*~~", "**(x)**", "~~é~~"]
)
def test_nothing_is_struck_or_emphasised(text: str) -> None:
    shown = MarkdownIt("commonmark").enable("strikethrough").renderInline(escaping.plain_line(text))

    assert not re.search("<(s|em|strong)>", shown)


@pytest.mark.parametrize("text", ["", " ", "``", "a” said “b", '"', "\u201d x", "a\n\n- b"])
def test_no_text_ends_its_quote(text: str) -> None:
    assert re.fullmatch(r"“[^“”\"\n]*”", escaping.quote(text))


def test_a_long_text_is_cut_where_it_says_so() -> None:
    assert escaping.plain_line("a" * 400, 10) == "aaaaaaaaa…"
