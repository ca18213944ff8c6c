"""No answer has a character that renders as nothing or reorders others, and reading stays as fast as it was."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from diagnosis.display.hidden_characters import is_hidden, show_hidden
from diagnosis.display.visible_json import may_hide, visible_json
from tests.security.voice.canaries import CanaryWorld
from tests.security.voice.test_canary_walk import ELSEWHERE, asked, operations

BLOCK = 1024
SURROGATES = range(0xD800, 0xE000)


# As escapes, planes of nothing but unassigned or private characters are read at their ends and in every 16th block.
ESCAPED_BLOCKS = sorted({
    *range(0, 0x30000, BLOCK), *range(0xE0000, 0xE1000, BLOCK), *range(0x30000, sys.maxunicode + 1, 16 * BLOCK),
    *range(0x40000 - BLOCK, sys.maxunicode + 1, 0x10000),
})  # fmt: skip


@pytest.mark.parametrize("ascii_only", [False, True])
def test_json_shows_every_hidden_character_of_unicode(ascii_only: bool) -> None:
    for first in ESCAPED_BLOCKS if ascii_only else range(0, sys.maxunicode + 1, BLOCK):
        text = "".join(chr(number) for number in range(first, first + BLOCK) if number not in SURROGATES)
        document = {f"a{text}": [f"b{text}\n\tc"]}
        encoded = json.dumps(document).encode() if ascii_only else orjson.dumps(document)

        read = json.loads(visible_json(encoded))

        assert read == {show_hidden(f"a{text}"): [show_hidden(f"b{text}\n\tc")]}, hex(first)


def test_the_search_for_first_bytes_misses_no_hidden_character() -> None:
    missed = [
        hex(number)
        for number in range(0x7F, sys.maxunicode + 1)
        if number not in SURROGATES and is_hidden(chr(number)) and not may_hide(f'"{chr(number)}"'.encode())
    ]

    assert missed == []


@pytest.mark.parametrize(
    "text",
    [
        r"C:\bin\red",
        r"\u202e",
        "a\r\nb\tc",
        "\\\\",
        "“quoted” — naïve, 日本語, 😀, العربية, हिन्दी",
        '"\\"',
        "",
        "\\r\\b",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    for encoded in (orjson.dumps({text: text}), json.dumps({text: text}).encode()):
        assert json.loads(visible_json(encoded)) == {text: text}


@pytest.mark.parametrize("text", ["plain", "“quoted” — naïve", "日本語のテキスト", "😀", "Ωμέγα", "العربية"])
def test_a_text_without_them_is_not_rewritten(text: str) -> None:
    document = orjson.dumps({"text": text})

    assert visible_json(document) is document


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("👨\u200d👩\u200d👧", "👨⟨U+200D⟩👩⟨U+200D⟩👧"),
        ("می\u200cخواهم", "می⟨U+200C⟩خواهم"),
        ("a\rb", "a⟨U+000D⟩b"),
        ("\u2066\u202eevil\x1b[31m", "⟨U+2066⟩⟨U+202E⟩evil⟨U+001B⟩[31m"),
        ("\U000e0049\U000e0047", "⟨U+E0049⟩⟨U+E0047⟩"),
    ],
)
def test_emoji_and_scripts_that_join_letters_are_no_exception(text: str, shown: str) -> None:
    for encoded in (orjson.dumps(text), json.dumps(text).encode()):
        assert json.loads(visible_json(encoded)) == shown


def test_no_read_of_the_api_has_them(world: CanaryWorld, call: Callable[..., Any]) -> None:
    reads = sorted(name.partition(" ")[2] for name in operations() - ELSEWHERE if name.startswith("GET"))
    urls = [url for template in reads for url in asked(world, template)]
    urls += ["/v1/reports/latest.md", "/v1/notices.atom"]

    for url in urls:
        content = call("GET", url, world.keys["feed" if "notices" in url else "agent"]).content.decode()

        assert show_hidden(content) == content, url
        if content.startswith("{"):
            text = json.dumps(json.loads(content), ensure_ascii=False)  # escapes, too
            assert show_hidden(text) == text, url
