"""Nobody is shown text with something in it that does not render, or that reorders the rest."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from diagnosis.display import escaping, exact_text, readable
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.visible_answers import visible_page
from diagnosis.templatetags.shown import pretty
from tenants.keys.provisioning import MintedProject
from tenants.models import AccessRequest
from tests.diagnosis.dashboard_client import NOW, TEN_MINUTES_AGO, browser_of, diagnose, text
from tests.diagnosis.factory import make_loop
from tests.staff_clients import operator
from tests.telemetry.factory import span, store

# Default_Ignorable_Code_Point as Unicode lists it, by first and last code point
IGNORED = """
    00AD..00AD 034F..034F 061C..061C 115F..1160 17B4..17B5 180B..180F 200B..200F 202A..202E 2060..206F 3164..3164
    FE00..FE0F FEFF..FEFF FFA0..FFA0 FFF0..FFF8 1BCA0..1BCA3 1D173..1D17A E0000..E0FFF
"""
BLANK = {0x2800, 0x16FE4, 0x1D159, *range(0x13430, 0x13443)}
UNSEEN = BLANK | {
    number
    for first, last in re.findall(r"(\w+)\.\.(\w+)", IGNORED)
    for number in range(int(first, 16), int(last, 16) + 1)
}
LAYOUT = "\t\n"


def is_unseen(character: str) -> bool:
    """Whether Unicode says that the character renders as nothing, reorders others, or means nothing to all readers."""
    in_category = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    is_noncharacter = 0xFDD0 <= ord(character) <= 0xFDEF or ord(character) % 0x10000 in (0xFFFE, 0xFFFF)
    return (in_category or is_noncharacter or ord(character) in UNSEEN) and character not in LAYOUT


def expected(number: int) -> str:
    """The character of that number as a page has it."""
    return f"⟨U+{number:04X}⟩" if is_unseen(chr(number)) else chr(number)


def test_each_character_of_unicode_that_renders_as_nothing_or_reorders_is_shown_by_its_number() -> None:
    rows = [range(first, first + 16) for first in range(0, sys.maxunicode + 1, 16)]

    wrong = [
        f"{row[0]:04X}.."
        for row in rows
        if show_hidden("".join(map(chr, row))) != "".join(map(expected, row))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "shown", [escaping.plain_line, exact_text.code, exact_text.noformat, readable.readable_text, pretty]
)
def test_each_way_to_show_a_text_shows_them(shown: object) -> None:
    hidden = [
        0x1B,
        0xAD,
        0x200B,
        0x200D,
        0x202E,
        0x2028,
        0x2060,
        0x3164,
        0xFE0F,
        0xFEFF,
        0xE0041,
        0xE0100,
        0xF0000,
    ]

    texts = [shown(f"a{chr(number)}b") for number in hidden]  # type: ignore[operator]

    assert [
        text for text, number in zip(texts, hidden, strict=True) if f"a⟨U+{number:04X}⟩b" not in text
    ] == []
    assert all(show_hidden(text) == text for text in texts)


def test_tabs_and_ends_of_lines_stay() -> None:
    assert show_hidden("a\tb\nc\r\nd") == "a\tb\nc\r\nd"


def test_a_carriage_return_alone_is_shown() -> None:
    assert show_hidden("approve\rreject") == "approve⟨U+000D⟩reject"


def test_a_quote_is_one_line() -> None:
    assert escaping.plain_line("a\tb\nc\r\nd\u00a0e") == "a b c d e"


def test_text_that_is_seen_stays_as_it_is() -> None:
    text = "Größe 12 €, 漢字, عربي, हिन्दी, 🎉, e\u0301"

    assert show_hidden(text) == text


def test_no_page_of_the_dashboard_has_them(alice: MintedProject) -> None:
    hidden = "lookup \u202egnp\u200b.exe"
    attributes = {
        "session.id": hidden,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": hidden,
        hidden: 1,
    }
    failing = span(hidden, at=TEN_MINUTES_AGO, error=hidden, attributes=attributes)
    store(alice.project, [failing], NOW, {"service.name": hidden, "service.version": hidden})
    loop, browser = diagnose(alice), browser_of(alice)
    evidence_id = loop.issue["evidence_ids"][0]
    paths = ["", f"/issues/{loop.cluster_id}", f"/records/{evidence_id}", "/sessions", "/session"]

    asked = [(f"/dashboard{path}", {"session_id": hidden} if path == "/session" else {}) for path in paths]
    pages = [text(browser.get(path, query)) for path, query in asked]

    assert [page.count("⟨U+202E⟩gnp⟨U+200B⟩") > 1 for page in pages] == [True] * len(pages)
    assert [set(page) & {"\u202e", "\u200b"} for page in pages] == [set()] * len(pages)


def test_no_page_of_the_admin_has_them(alice: MintedProject) -> None:
    hidden = "lookup \u202egnp\U000e0041.exe"
    loop, boss = make_loop(alice.project, title=hidden), operator()
    request = AccessRequest.objects.create(
        name=hidden, email="a@example.test", message=hidden, created_at=NOW
    )
    paths = (
        "diagnosis/loop/",
        f"diagnosis/loop/{loop.pk}/change/",
        f"diagnosis/loop/{loop.pk}/history/",
        "diagnosis/notice/",
        "tenants/accessrequest/",
        f"tenants/accessrequest/{request.pk}/change/",
    )

    pages = [boss.get(f"/admin/{path}").content.decode() for path in paths]

    assert [page.count("⟨U+202E⟩gnp⟨U+E0041⟩") > 0 for page in pages] == [True] * len(pages)
    assert [set(page) & {"\u202e", "\U000e0041"} for page in pages] == [set()] * len(pages)


def test_the_values_of_form_fields_stay_as_they_are() -> None:
    field = '<input value="team 👩\u200d💻" aria-label="\u2066x">'
    area = '<textarea rows="2">👩\u200d💻</textarea>'

    page = visible_page(f"<p>👩\u200d💻</p>{field}{area}")

    assert page == (
        '<p>👩⟨U+200D⟩💻</p><input value="team 👩\u200d💻" aria-label="⟨U+2066⟩x">'
        '<textarea rows="2">👩\u200d💻</textarea>'
    )
