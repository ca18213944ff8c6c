r"""
Characters as a reader sees them, wherever they are written otherwise: as escapes of URLs, of HTML, of strings and of
mail, in the signs of other scripts, with signs beside them that are not seen, or among the commands of a terminal.

    password%3D...   &quot;token&quot;   \u0022password\u0022   password=3D...   https:\/\/...
    p%61ssword   pass\u0077ord   \uff50\uff41ss   AP\u0130_KEY   pass\u200bword   \x1b[36mpassword\x1b[0m

Sources: https://www.rfc-editor.org/rfc/rfc3986#section-2.1, https://html.spec.whatwg.org/multipage/named-characters.html,
https://www.rfc-editor.org/rfc/rfc8259#section-7, https://www.unicode.org/reports/tr15/ (compatible characters),
https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point (what is not seen), and
https://www.ecma-international.org/publications-and-standards/standards/ecma-48/, sections 5 and 8.3 (terminals).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from telemetry.scrubbing.work import CANDIDATE, Work

Edit = tuple[int, int, str]  # a part of a text, and what a reader sees in its place

UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0"
)
COMBINING = "\u0300-\u036f"
# Letters and signs in a width or a style of their own, which NFKC writes as those of ASCII.
STYLED = "\uff01-\uff5e\u3000\ufe50-\ufe6b\u24b6-\u24e9"
DOTTED, DOTLESS = "\u0130", "\u0131"  # the letters of Turkish that are an I or an i elsewhere
# Blanks of other widths (Zs in https://www.unicode.org/reports/tr44/#General_Category_Values), but for a styled one.
BLANKS = ("\u00a0", "\u1680", *map(chr, range(0x2000, 0x200B)), "\u202f", "\u205f")
TYPOGRAPHIC = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f", '"'), **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
    **dict.fromkeys(BLANKS, " "),
}  # fmt: skip
WIDE = f"{UNSEEN}{COMBINING}{STYLED}{DOTTED}{DOTLESS}{''.join(TYPOGRAPHIC)}"
IS_UNSEEN = re.compile(f"[{UNSEEN}{COMBINING}\U000e0000-\U000e0fff]")
IS_STYLED = re.compile(f"[{STYLED}\U0001d400-\U0001d7ff]")
# Those beyond the first plane, of which a pattern with others would be slow: letters of mathematics, and tags.
BEYOND = re.compile("[\U0001d400-\U0001d7ff\U000e0000-\U000e0fff]")

# What follows the escape character: a control sequence, a string up to its terminator as of a link, or one command.
SEQUENCE = r"\[[0-?]{0,48}+[ -/]{0,4}+[@-~]"
ESCAPED_ESC = r"(?:u001[bB]|x1[bB]|033|e(?=[\[\]]))"
STRING = (
    r"[\]PX^_][^\x07\x1b\x9c\\\r\n]{0,1024}+(?:\x07|\x9c|\x1b\\{1,16}"
    r"|\\{1,15}(?:u0007|x07|a|007|(?:u001[bB]|x1[bB]|033|e)\\{1,16}))"
)
COMMAND = rf"(?:{SEQUENCE}|{STRING}|[ -/]{{1,4}}+[0-~]|[78cDEHMNOZ<>])"
# An escape may itself be escaped: `%2522`, `&amp;quot;`, `\\u0022`. Each begins with one of the first characters, which
# are searched for at once.
ESCAPE = re.compile(
    rf"[%&\\=\x1b\x9b{WIDE}]"
    r"(?:(?<=%)(?:25){0,3}(?P<percent>[0-9A-Fa-f]{2})"
    r"(?:(?<=[89A-Fa-f][0-9A-Fa-f])(?P<more>(?:%[89ABab][0-9A-Fa-f]){1,3}))?"
    r"|(?<=&)(?:amp;){0,3}"
    r"(?:#0{0,5}(?P<decimal>\d{1,6});?|#[xX]0{0,5}(?P<hex>[0-9A-Fa-f]{1,5});?"
    r"|(?P<named>quot|apos|amp|lt|gt|nbsp|shy|zwnj|zwj|lrm|rlm|ZeroWidthSpace|equals|colon|lowbar);)"
    rf"|(?<=\\)\\{{0,14}}+(?:(?P<command>{ESCAPED_ESC}{COMMAND})"
    r"|u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\{1,15}+u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    r"|u(?P<unicode>[0-9A-Fa-f]{4})|u\{0{0,4}(?P<braced>[0-9A-Fa-f]{1,5})\}|x(?P<byte>[0-9A-Fa-f]{2})"
    r"|(?P<octal>[01][0-7]{2})|(?P<slash>/))"
    rf"|(?<=\x1b)(?P<drawn>{COMMAND})|(?<=\x9b)(?P<drawn_too>[0-?]{{0,48}}+[ -/]{{0,4}}+[@-~])"
    r"|(?<==)(?P<mail>3D)|(?P<wide>(?<=[^\x00-\x7f\x9b])))"
)
# What all else that the pattern finds begins with.
MAY_BE_ESCAPE = re.compile(rf"[%&\\\x1b\x9b\x08{DOTTED}{DOTLESS}]|=3D")
NAMED = {
    "quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">", "nbsp": " ", "equals": "=", "colon": ":", "lowbar": "_",
}  # fmt: skip
# A letter that is printed again over itself, as `man` writes bold ones, and an underlined one.
PRINTED_OVER = re.compile(r"[^\n\x08]\x08")
# Letters whose marks stand behind them, and letters of Hangul in parts: https://www.unicode.org/reports/tr15/
IN_PARTS = re.compile(r"[\u3041-\u30ff][\u3099\u309a]|[\u1100-\u1112][\u1161-\u1175](?:[\u11a8-\u11c2])?")
HALVES = range(0xD800, 0xE000)  # two of them are one character in JSON; alone they are none
LAST_CHARACTER = 0x10FFFF
ONE_SIGN = CANDIDATE // 4  # steps for a character that stands for another one


def escapes(text: str, work: Work) -> Iterator[Edit]:
    """The escapes of the text. Raises Spent."""
    for match in ESCAPE.finditer(text):
        work.take(ONE_SIGN if match["wide"] is not None else CANDIDATE)
        character = decoded(match)
        if character is not None:
            yield match.start(), match.end(), character
    if "\x08" in text:
        yield from ((*match.span(), "") for match in PRINTED_OVER.finditer(text))
    if not text.isascii():
        yield from (
            (*match.span(), unicodedata.normalize("NFC", match[0])) for match in IN_PARTS.finditer(text)
        )
        yield from ((*match.span(), seen(match[0], "")) for match in BEYOND.finditer(text))


def decoded(match: re.Match[str]) -> str | None:
    """The character of an escape, empty where nothing is seen; None where it is no escape."""
    if match["command"] or match["drawn"] or match["drawn_too"]:
        return ""
    if match["wide"] is not None:
        return seen(match[0], match.string[match.start() - 1 : match.start()])
    if match["percent"]:
        data = bytes.fromhex(match["percent"] + (match["more"] or "").replace("%", ""))
        text = data.decode(errors="ignore")
        return seen(text, "") if len(text) == 1 else None
    if match["named"]:
        return NAMED.get(match["named"], "")
    if match["mail"]:
        return "="
    if match["slash"]:
        return "/"
    if match["high"]:
        return seen(bytes.fromhex(match["high"] + match["low"]).decode("utf-16-be"), "")
    return numbered(match)


def numbered(match: re.Match[str]) -> str | None:
    """The character of an escape that gives its number."""
    if match["decimal"]:
        number = int(match["decimal"])
    elif match["octal"]:
        number = int(match["octal"], 8)
    else:
        number = int(match["hex"] or match["unicode"] or match["braced"] or match["byte"], 16)
    return None if number in HALVES or number > LAST_CHARACTER else seen(chr(number), "")


def seen(character: str, before: str) -> str:
    """The character of ASCII that this one stands for, behind that one; empty if nothing is seen; else itself."""
    if character.isascii():
        return character
    if IS_UNSEEN.match(character):
        return ""
    if character in {DOTTED, DOTLESS}:
        return "I" if before.isupper() or (character == DOTTED and not before.islower()) else "i"
    if IS_STYLED.match(character):
        return unicodedata.normalize("NFKC", character)
    return TYPOGRAPHIC.get(character, character)


def characters_of(ranges: str) -> Iterator[str]:
    """The characters of a class of a pattern."""
    for first, last, alone in re.findall(r"(.)-(.)|(.)", ranges):
        yield from map(chr, range(ord(first), ord(last) + 1)) if first else alone


# What each sign stands for by itself, whatever is beside it.
SEEN_ALONE = str.maketrans(
    {
        character: seen(character, "")
        for character in characters_of(f"{WIDE}\U0001d400-\U0001d7ff\U000e0000-\U000e0fff")
        if character not in {DOTTED, DOTLESS}
    }
)


def as_seen(text: str) -> str:
    """The text as a reader sees it, for a short one such as a name."""
    if not MAY_BE_ESCAPE.search(text):  # as in languages that are written with marks: a third of the time
        return unicodedata.normalize("NFC", text.translate(SEEN_ALONE))
    written = PRINTED_OVER.sub("", ESCAPE.sub(replacement, text))
    written = BEYOND.sub(lambda match: seen(match[0], ""), written)
    return unicodedata.normalize("NFC", written)


def replacement(match: re.Match[str]) -> str:
    """What a reader sees in place of an escape, or of what only looks like one."""
    character = decoded(match)
    return match[0] if character is None else character
