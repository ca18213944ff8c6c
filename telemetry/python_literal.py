"""
Python literals as JSON: instrumentations in Python write `repr(value)` where they should write JSON.

What `repr` and `pprint` write of plain data differs from JSON in its texts, words, tuples, numeric keys and last
commas. One pass replaces those and leaves the rest to the parser of JSON, which refuses what is no literal. Sets and
bytes are refused, as JSON has neither. https://docs.python.org/3/reference/lexical_analysis.html#literals

Python's own parser is not used, because the texts come from outside: it prints a warning for each `1or` and each
`\\d` in them. No alternative of PART gives back what it has read, so that any text takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

TEXT = r"""u?(?:'(?:[^'\\\n\r]++|\\[^\n\r])*+'|"(?:[^"\\\n\r]++|\\[^\n\r])*+")"""
TEXTS = rf"{TEXT}(?:\s*+{TEXT})*+"  # pprint wraps a long text into several, in parentheses
NUMBER_KEY = r"(?<![\w.+-])-?[0-9][0-9.]*+(?:[eE][-+]?[0-9]++)?+(?=\s*+:)"
# Where a part may begin: most characters begin none, and to try each alternative there would take most of the time.
BEGINNING = rf"""(?=['"\[\](){{]|,\s*+[\])}}]|(?<![\w.])[^\W\d]|{NUMBER_KEY})"""
# Numbers and plain texts one behind the other only change their quotes: as one part, they take a tenth of the time.
PLAIN_ITEM = r"""(?:-?[0-9][0-9.]*+(?:[eE][-+]?[0-9]++)?+|'[^'"\\\x00-\x1f]*+')"""
PLAIN = rf"(?P<plain>(?<![\w.+-])(?:{PLAIN_ITEM},[ \n]?(?=['0-9-]))++)"
PART = re.compile(
    rf"{PLAIN}|{BEGINNING}(?:(?P<texts>\(\s*+{TEXTS}\s*+\)|{TEXTS})"
    rf"|(?P<key>{NUMBER_KEY}|(?<![\w.+-])(?:True|False|None)(?=\s*+:))"
    r"|(?P<word>(?<![\w.])[^\W\d]\w*+)"
    r"|(?P<end>,(?=\s*+[\])}]))"
    r"|(?P<empty>[\[({]\s*+,)"
    r"|(?P<bracket>[\[\]()])"
    r"|(?P<unclosed>['\"](?s:.*)))"
)
MAX_DEPTH = 100  # of lists and tuples
NEXT_TEXT = re.compile(rf"[\s(]*+({TEXT})")
HEX = "[0-9a-fA-F]"
ESCAPE = re.compile(
    rf"\\(?:(?P<hex>x{HEX}{{2}}|u{HEX}{{4}}|U{HEX}{{8}})|(?P<octal>[0-7]{{1,3}})|(?P<broken>[xuUN])|.)"
)
ESCAPED = {
    r"\\": "\\", r"\'": "'", r"\"": '"', r"\a": "\a", r"\b": "\b", r"\f": "\f", r"\n": "\n", r"\r": "\r",
    r"\t": "\t", r"\v": "\v",
}  # fmt: skip
WORDS = {"True": "true", "False": "false", "None": "null"}


class NotALiteral(ValueError):
    """The text is not a Python literal of data that JSON can carry."""


def literal_as_json(text: str) -> str:
    """Return the literal as JSON, or a text that is not JSON. Raises ValueError for what cannot be a literal."""
    open_brackets: list[str] = []

    def as_json(match: re.Match[str]) -> str:
        kind, part = match.lastgroup, match[0]
        if kind == "texts":
            return json_text(part)
        if kind == "plain":
            return part.replace("'", '"')
        if kind == "bracket":
            return json_bracket(part, open_brackets)
        if kind == "key":
            return f'"{WORDS.get(part, part)}"'
        if kind == "end":
            return ""
        if part in WORDS:
            return WORDS[part]
        raise NotALiteral(part[:20])

    return PART.sub(as_json, text)


def json_bracket(bracket: str, open_brackets: list[str]) -> str:
    """Return the bracket of a list, also for a tuple. Raises NotALiteral where the two are mixed, or too deep."""
    if bracket in "[(" and len(open_brackets) < MAX_DEPTH:
        open_brackets.append(bracket)
        return "["
    if not open_brackets or open_brackets.pop() + bracket not in {"[]", "()"}:
        raise NotALiteral(bracket)
    return "]"


def json_text(texts: str) -> str:
    """Return the texts joined, in JSON's quotes. Raises ValueError for a broken escape, or half a character."""
    is_one = texts[0] == texts[-1] and texts.count(texts[0]) == 2  # as nearly always
    inner = texts[1:-1] if is_one else "".join(inner_texts(texts))
    if inner.isascii() and inner.isprintable() and '"' not in inner and "\\" not in inner:
        return f'"{inner}"'
    try:
        return orjson.dumps(ESCAPE.sub(unescaped, inner) if "\\" in inner else inner).decode()
    except orjson.JSONEncodeError as error:
        raise NotALiteral(str(error)) from None


def inner_texts(texts: str) -> Iterator[str]:
    """The text in each pair of quotes."""
    match = NEXT_TEXT.match(texts)
    while match:
        yield match[1].removeprefix("u")[1:-1]
        match = NEXT_TEXT.match(texts, match.end())


def unescaped(match: re.Match[str]) -> str:
    """Return the character of an escape; one that Python does not know stays, with its backslash."""
    escape, kind = match[0], match.lastgroup
    if kind == "hex":
        return chr(int(escape[2:], 16))
    if kind == "octal":
        return chr(int(escape[1:], 8))
    if kind == "broken":
        raise NotALiteral(escape)
    return ESCAPED.get(escape, escape)
