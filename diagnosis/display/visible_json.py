r"""
JSON with hidden characters shown by their numbers, in names and in texts: `⟨U+202E⟩`.

It works on the encoded document, so that no field is forgotten. Most documents have no hidden character, and a search
for bytes that can begin one finds that out. In JSON a character may also be an escape such as `\u202e` or `\b`:
https://www.rfc-editor.org/rfc/rfc8259#section-7
"""

from __future__ import annotations

import json
import re

from diagnosis.display.hidden_characters import show_hidden

# Escapes of characters that may be hidden, also where the backslash itself is escaped.
MAY_ESCAPE = re.compile(rb"\\[bfru]")
# Bytes in UTF-8 that begin a hidden character, by their first byte, which is searched for first because it is rare.
# In the blocks of private use, tags and noncharacters that is any character.
MAY_HIDE = {
    pattern[:1]: re.compile(pattern, re.S)
    for pattern in (
        b"\xc2[\x80-\x9f\xad]",
        b"\xcd\x8f",
        b"\xd8[\x80-\x85\x9c]",
        b"\xdb\x9d",
        b"\xdc\x8f",
        b"\xe0[\xa2\xa3]",
        b"\xe1(?:\x85[\x9f\xa0]|\x9e[\xb4\xb5]|\xa0[\x8b-\x8f])",
        b"\xe2(?:\x80[\x8b-\x8f\xa8-\xae]|\x81[\xa0-\xaf]|\xa0\x80)",
        b"\xe3\x85\xa4",
        b"\xee",
        b"\xef(?:[\x80-\xa3]|\xb7[\x90-\xaf]|\xb8[\x80-\x8f]|\xbb\xbf|\xbe\xa0|\xbf[\xb0-\xbf])",
        b"\xf0(?:\x91[\x82\x83]|\x93[\x90\x91]|\x96\xbf|\x9b\xb2|\x9d\x85|.\xbf[\xbe\xbf])",
        b"\xf1",
        b"\xf2",
        b"\xf3",
        b"\xf4",
    )
}
# Runs of escapes of characters that may be hidden, behind whole escapes of backslashes. Others are passed by at once.
ESCAPES = re.compile(
    r"(?<!\\)((?:\\\\)*+)"
    r"((?:\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|r(?!\\n)|[bf]))+)"
)


def visible_json(document: bytes) -> bytes:
    """The JSON document in UTF-8, with hidden characters shown by their numbers; tabs and line ends stay."""
    if not may_hide(document):
        return document
    return show_hidden(ESCAPES.sub(visible_escapes, document.decode())).encode()


def may_hide(document: bytes) -> bool:
    """Whether the document can have a hidden character in it."""
    if MAY_ESCAPE.search(document) or b"\x7f" in document:
        return True
    if document.isascii():
        return False
    return any(first in document and pattern.search(document) for first, pattern in MAY_HIDE.items())


def visible_escapes(match: re.Match[str]) -> str:
    """The escapes, or the numbers of the hidden characters that they stand for, behind escaped backslashes."""
    text = json.loads(f'"{match[2]}"')
    shown = show_hidden(text)
    return match[0] if shown == text else match[1] + json.dumps(shown, ensure_ascii=False)[1:-1]
