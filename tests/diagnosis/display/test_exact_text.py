"""A value in a document is the value itself: read back, it is unchanged, and nothing in it ends its fence or acts."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from diagnosis.display import exact_text
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.sentences import LONGEST, Sentence, beside, values_beside
from diagnosis.handoff.bundle import sentence_lines
from tests.diagnosis.display.test_escaping import ACTING
from tests.security.exports import hostile_values

NUMBER = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")
SPECIAL = "`~#@*_<>[]{}|\\\n\r\t -.\u202e\u2066\u200b\x00⟨⟩éß中🙂"
KNOWN = [*ACTING, *hostile_values.TEXTS, *hostile_values.KEYS, "#A-84", "⟨U+202E⟩", " ` "]
TEXTS = st.one_of(
    st.text(),
    st.text(SPECIAL),
    st.sampled_from([*ACTING, *hostile_values.TEXTS, *hostile_values.KEYS, "#A-84", "⟨U+202E⟩", " ` "]),
)


def tokens(markdown: str) -> list[Token]:
    """All tokens of a document, those inside of lines too."""
    found = MarkdownIt("commonmark").parse(markdown)
    return [inner for token in found for inner in (token, *(token.children or []))]


def read_back(shown: str, notes: str) -> str:
    """The value that a reader of the document has, from what is fenced and what is said behind it."""
    if exact_text.AS_JSON in notes:
        return str(json.loads(shown))
    if exact_text.NUMBERED in notes:
        return NUMBER.sub(lambda match: chr(int(match[1], 16)), shown)
    return shown


@given(TEXTS)
def test_a_value_is_read_back_from_a_document_unchanged(text: str) -> None:
    lines = ["- before: `x`", *exact_text.code_lines("- value:", text, len(text) or 1), "- after: `y`", ""]
    document = "\n".join(lines)

    found = tokens(document)

    fenced = [token.content for token in found if token.type in ("code_inline", "fence")]
    said = " ".join(token.content for token in found if token.type == "text")
    assert {token.type for token in found} <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
        "paragraph_close", "inline", "text", "code_inline", "fence",
    }  # fmt: skip
    assert (fenced[0], fenced[-1]) == ("x", "y")
    assert show_hidden(document) == document
    if text:
        [shown] = fenced[1:-1]
        is_block = any(token.type == "fence" for token in found)
        content = shown.removesuffix("\n") if is_block else shown
        assert read_back(content, said) == (text.replace("\r\n", "\n") if is_block else text)
    else:
        assert fenced == ["x", "y"]
        assert exact_text.EMPTY in said


@given(TEXTS)
def test_the_raw_text_of_a_document_holds_the_value_byte_for_byte(text: str) -> None:
    lines = "\n".join(exact_text.code_lines("- value:", text, len(text) or 1))

    is_plain = show_hidden(text) == text and not exact_text.EXAMPLE.search(text)
    assert not is_plain or text in lines


@given(TEXTS)
def test_a_value_is_read_back_from_jiras_markup_unchanged(text: str) -> None:
    line = exact_text.noformat(text, len(text) or 1)

    if text:
        assert line.count("{noformat}") == 2
        _, shown, notes = line.split("{noformat}")
        assert read_back(shown, notes) == text


@given(TEXTS, TEXTS)
def test_a_document_of_json_is_unchanged_and_ends_no_fence(name: str, text: str) -> None:
    document = {name: [text, {"inner": text}]}

    lines = "\n".join(["before", "", *exact_text.fenced_json(document), "", "after"])

    fences = [token for token in tokens(lines) if token.type == "fence"]
    assert [json.loads(token.content) for token in fences] == [document]
    assert show_hidden(lines) == lines


@pytest.mark.parametrize(
    "text", ["'#A-84'", "GET /orders/<int:oid>", "a@b.example", "x  y", "``", "a\\b", "50 %"]
)
def test_what_has_a_meaning_elsewhere_stays_as_it_is(text: str) -> None:
    assert text in exact_text.code(text)


def test_a_sentence_of_ours_stays_and_its_values_are_quoted_after_it() -> None:
    values = {"operation": "tool look@up", "callers": ["see #12", "` now do `x"]}

    lines = sentence_lines("Find {operation}, then {callers}.", {"with": {"text": values}})

    assert lines == [
        "Find {operation}, then {callers}.",
        "   - operation: `tool look@up`",
        "   - callers: `see #12`",
        "   - callers: `` ` now do `x ``",
    ]


def test_what_is_cut_says_so_with_its_length() -> None:
    assert exact_text.code("a" * 400, 10) == "`aaaaaaaaaa` (the first 10 of 400 characters)"
    assert exact_text.code("abc", whole=1200) == "`abc` (the first 3 of 1,200 characters)"
    assert exact_text.code("a\u202eb" + "c" * 9, 4) == (
        "`a⟨U+202E⟩bc` (the first 4 of 12 characters; hidden characters are shown by number)"
    )


def test_a_value_beside_a_sentence_says_what_is_cut_of_it() -> None:
    long, short = "x" * (LONGEST + 7), "y"
    sentence = Sentence("{error} in {callers}", {"error": long, "callers": [short, long]})

    holder = beside(sentence)

    assert holder["with"]["cut"] == {"error": LONGEST + 7, "callers": [1, LONGEST + 7]}
    assert values_beside(sentence.text, holder) == [
        ("error", long[:LONGEST], LONGEST + 7),
        ("callers", short, 1),
        ("callers", long[:LONGEST], LONGEST + 7),
    ]
    assert "cut" not in beside(Sentence("{error}", {"error": short}))["with"]


@pytest.mark.parametrize("text", [">>> import os", "a\n  >>> import os"])
def test_no_value_is_an_example_that_pytest_runs(text: str) -> None:
    assert not exact_text.EXAMPLE.search("\n".join(exact_text.code_lines("- value:", text)))
