r"""
The readings of a text: as it is written, and as a reader sees it: with the escapes of URLs, of HTML, of strings and of
mail decoded, without the colours of a terminal, without what programs print before each line, and with signs of other
scripts as those of ASCII.

    password%3D...   &quot;token&quot;: &quot;...   \u0022password\u0022:\u0022...   https%3A%2F%2Fuser%3A...%40host
    \x1b[36mpassword\x1b[0m=...   password=3D...   “password”: “...”   密码\uff1a...   https:\/\/user:...@host
    text=password%3A+...   12\t- name: PASSWORD\n13\t  value: ...   +ENV PASSWORD ...

A secret that is found in the decoded text is replaced where its characters stand in the text as it is written. Sources:
https://www.rfc-editor.org/rfc/rfc3986#section-2.1, https://html.spec.whatwg.org/multipage/named-characters.html and
https://www.rfc-editor.org/rfc/rfc8259#section-7.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from telemetry.scrubbing import shapes
from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.places import named_secrets
from telemetry.scrubbing.work import CANDIDATE, CHARACTERS_A_STEP, Work

# An escape may itself be escaped: `%2522`, `&amp;quot;`, `\\u0022`. Each begins with one of the first characters, which
# are searched for at once. Colours:
# https://www.ecma-international.org/publications-and-standards/standards/ecma-48/, section 8.3.117
ESCAPE = re.compile(
    "[%&\\\\=\x1b\u00a0\u2018-\u201f\u200b-\u200d\u2060\ufeff\uff02\uff07\uff1a\uff1c-\uff1e]"
    r"(?:(?<=%)(?:25){0,3}(?P<percent>[0-9A-Fa-f]{2})"
    r"(?:(?<=[89A-Fa-f][0-9A-Fa-f])(?P<more>(?:%[89ABab][0-9A-Fa-f]){1,3}))?"
    r"|(?<=&)(?:amp;){0,3}"
    r"(?:#(?P<decimal>\d{1,5});?|#[xX](?P<hex>[0-9A-Fa-f]{1,4});?|(?P<named>quot|apos|amp|lt|gt|nbsp);)"
    r"|(?<=\\)\\{0,14}+(?:(?P<colour>(?:u001[bB]|x1[bB]|033|e)\[[\d;:]{0,24}m)"
    r"|u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\{1,15}+u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    r"|u(?P<unicode>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2})|(?P<octal>0[0-7]{2})|(?P<slash>/))"
    r"|(?<=\x1b)(?P<drawn>\[[\d;:]{0,24}m)|(?<==)(?P<mail>3D)|(?P<wide>(?<=[^\x00-\x7f])))"
)
RUN = re.compile(r"\S++")
# https://url.spec.whatwg.org/#application/x-www-form-urlencoded
OF_FORM = re.compile(r"%[0-9A-Fa-f]{2}")
# What commands print before each line of a file: `cat -n`, `grep -n`, `diff`.
BEFORE_LINE = re.compile(
    r"(?:^|(?<=\\n))(?:[ \t]{0,8}\d{1,6}(?:\t|\\{1,15}t|\u2192|[:|] ?)|[+-](?![+-])"
    r"|(?!\d)[\w./-]{1,80}+:\d{1,6}[:-])",
    re.M,
)
Edit = tuple[int, int, str]  # a part of a text, and what a reader sees in its place
NAMED = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">", "nbsp": " "}
# Signs of other scripts that stand for one of ASCII, and signs that are not seen.
WIDE = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\uff02", '"'), **dict.fromkeys("\u2018\u2019\u201a\u201b\uff07", "'"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""), "\u00a0": " ", "\uff1a": ":", "\uff1d": "=", "\uff1c": "<",
    "\uff1e": ">",
}  # fmt: skip
HALVES = range(0xD800, 0xE000)  # two of them are one character in JSON; alone they are none


class DecodedText:
    """A text as a reader sees it, and where its characters stood."""

    def __init__(self, text: str, edits: Iterable[Edit]) -> None:
        """Decode the text; `ends` and `written` are the ends of what each escape became, and of the escape."""
        parts: list[str] = []
        self.ends, self.written, length, last = [0], [0], 0, 0
        for start, end, seen in sorted(edits):
            if start < last:
                continue
            parts += [text[last:start], seen]
            length += start - last + len(seen)
            last = end
            self.ends.append(length)
            self.written.append(last)
        self.text = "".join([*parts, text[last:]])

    def place(self, start: int, end: int) -> Place:
        """Where, in the text as written, what was found in the decoded one stands."""
        return self.position(start), self.position(end)

    def position(self, at: int) -> int:
        """Where, in the text as written, the character begins that stands here in the decoded one."""
        escape = bisect_right(self.ends, at) - 1
        return self.written[escape] + at - self.ends[escape]

    def area(self, area: Area) -> Area:
        """The area of the text as written, in the decoded one."""
        return [(self.decoded_position(start), self.decoded_position(end)) for start, end in area]

    def decoded_position(self, at: int) -> int:
        """Where, in the decoded text, the character of the text as written stands."""
        escape = bisect_right(self.written, at) - 1
        return self.ends[escape] + at - self.written[escape]


def escapes(text: str, work: Work) -> Iterator[Edit]:
    """The escapes of the text. Raises Spent."""
    for match in ESCAPE.finditer(text):
        work.take(CANDIDATE)
        character = decoded(match)
        if character is not None:
            yield match.start(), match.end(), character


def blanks(text: str, work: Work) -> Iterator[Edit]:
    """The plus signs that stand for blanks: in a form, which has escapes of URLs too. Raises Spent."""
    for run in RUN.finditer(text) if "%" in text and "+" in text else ():
        if OF_FORM.search(text, run.start(), run.end()):
            work.take(len(run[0]) // CHARACTERS_A_STEP)
            signs = [at for at in range(run.start(), run.end()) if text[at] == "+"]
            work.take(len(signs))
            yield from ((at, at + 1, " ") for at in signs)


def before_lines(text: str, work: Work) -> Iterator[Edit]:
    """What stands before the lines of a text of several, if that is the work of a command. Raises Spent."""
    matches = list(BEFORE_LINE.finditer(text)) if "\n" in text or "\\n" in text else []
    work.take(2 * len(matches))
    return ((match.start(), match.end(), "") for match in matches)


def decoded(match: re.Match[str]) -> str | None:
    """The character of an escape, empty where nothing is seen; None where it is no escape."""
    if match["colour"] or match["drawn"]:
        return ""
    if match["wide"] is not None:
        return WIDE.get(match[0])
    if match["percent"]:
        data = bytes.fromhex(match["percent"] + (match["more"] or "").replace("%", ""))
        text = data.decode(errors="ignore")
        return text if len(text) == 1 else None
    if match["named"]:
        return NAMED[match["named"]]
    if match["mail"]:
        return "="
    if match["slash"]:
        return "/"
    if match["high"]:
        return bytes.fromhex(match["high"] + match["low"]).decode("utf-16-be")
    return numbered(match)


def numbered(match: re.Match[str]) -> str | None:
    """The character of an escape that gives its number."""
    if match["decimal"]:
        number = int(match["decimal"])
    elif match["octal"]:
        number = int(match["octal"], 8)
    else:
        number = int(match["hex"] or match["unicode"] or match["byte"], 16)
    return None if number in HALVES else chr(number)


def secrets_in(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of the secrets in the area, in any reading of the text, each once. Raises Spent."""
    found: set[Place] = set()
    for place in read(text, area, work):
        found.add(place)
        yield place
    for other in other_readings(text, work):
        for place in read(other.text, other.area(area), work):
            written = other.place(*place)
            if written not in found:
                found.add(written)
                yield written


def read(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of the secrets in the area of one reading. Raises Spent."""
    work.read(area)
    yield from shapes.found(text, area, work)
    yield from named_secrets(text, area, work)


def other_readings(text: str, work: Work) -> Iterator[DecodedText]:
    """The text as a reader sees it, where that differs, and as a form, where plus signs are blanks. Raises Spent."""
    edits = [*escapes(text, work), *before_lines(text, work)]
    if edits:
        yield DecodedText(text, edits)
    if of_form := list(blanks(text, work)):
        yield DecodedText(text, [*edits, *of_form])
