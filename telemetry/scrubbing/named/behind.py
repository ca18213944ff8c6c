"""
The values behind the names of secrets: a name, then glue, then a value.

How strong the glue is, and how the value looks, decides whether it is one:

    password=...   "api_key": "..."   <token>...</token>       strong: any value but a stand-in
    password: ...   Access key = ...   DB_PASSWORD ...         weak: one that looks like a secret (looks.py)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.areas import most_names
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named import glue, in_code
from telemetry.scrubbing.named.endings import NEXT_MEMBER
from telemetry.scrubbing.named.in_lists import in_a_list
from telemetry.scrubbing.named.looks import (
    LINE_BACKWARDS,
    follows_space,
    is_cell,
    is_code,
    is_code_of,
    is_collection,
    is_key,
    is_of_other_kind,
    is_of_password,
    is_strong,
    is_told,
    is_value,
)
from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.named.parameters import is_parameter
from telemetry.scrubbing.named.told_elsewhere import TAG, told_elsewhere
from telemetry.scrubbing.named.values import (
    LONGEST_JUDGED,
    PART,
    PHRASE,
    SCHEME,
    Around,
    block_place,
    cookies_place,
    credentials_place,
    line_place,
    literal_place,
    quoted_values,
    short_word,
    word_place,
)
from telemetry.scrubbing.names import is_count, is_folder, split_words
from telemetry.scrubbing.work import CANDIDATE, Work

NUMBER = re.compile(r"-?\d[\d.]{0,40}+(?![\w\"'])")
PROBABILITY = re.compile(NEXT_MEMBER)
CELL_TAG = re.compile(r"(?i)</(?:td|th|dt|b|strong|label|span)>")
KEY_TAG = re.compile(r"(?i)</[\w:.-]{0,40}(?:key|name)>")

LIST_MARKS = frozenset("\"'`\\,;\n\r<")
TAG_OF_YAML = re.compile(r"(?:!{1,2}|&)\w{1,20} ")
TEMPLATE = re.compile(r"[^\s`$(]{1,256}+`")  # a command has blanks, a template variables
ITEM_BEGINS, ITEM_ENDS = frozenset(["", "\n", ",", "|", ";"]), frozenset(",;\n\r")  # of a line of a table
ENDS_A_STRING = frozenset(["", ")", ",", ";", "\n", "\r"])
BARS = frozenset("|│┃║")
BLANKS = frozenset(" \t\\")
NAME = 3 * CANDIDATE  # steps to read what follows a name


def behind_mark(text: str, at: int) -> int:
    """Where a value begins behind a bracket, or behind a tag or an anchor of YAML."""
    tag = TAG_OF_YAML.match(text, at)
    return tag.end() if tag else at + (text[at : at + 1] == "[")


def is_template(text: str, match: re.Match[str]) -> bool:
    """Whether the text between backticks is a value, and neither a command nor the mark around a name."""
    if not match["gap"]:
        return False
    return match["separator"] == ":" or TEMPLATE.match(text, match.end()) is not None


def labelled_value(text: str, name: Name) -> list[Place]:
    """The value behind the label of a page that is the name, where it looks like one."""
    match = glue.labelled(text, name.end)
    is_one = match and is_key(name.name, match["value"]) and is_told(match["value"])
    return [match.span("value")] if match and is_one else []


class NamedValues:
    """The values behind the names in one text."""

    def __init__(self, text: str, work: Work) -> None:
        """Read nothing yet."""
        self.text, self.work = text, work
        self.has_tags, self.has_lines = "<" in text, "\n" in text
        self.cookies_end = 0  # how far the text was read for cookies

    def places(self, names: list[Name]) -> Iterator[Place]:
        """The places of the values, in order; of the whole text, where it is hardly anything but names with glue."""
        last_end, left = 0, most_names(self.text)
        for name in names:
            if name.start >= last_end:
                self.work.take(NAME)
            found = self.values(name) if name.start >= last_end else None
            if found is None:
                continue
            left -= 1
            if left < 0:
                yield 0, len(self.text)
                return
            for place in found:
                last_end = max(last_end, place[1])
                value = self.text[slice(*place)]
                if not (is_code_of(name.name, value) or is_of_other_kind(name.name, value)):
                    yield place

    def values(self, name: Name) -> list[Place] | None:
        """The values behind one name; None if no glue follows it."""
        if self.has_tags and name.is_secret and (labelled := labelled_value(self.text, name)):
            return labelled
        match = glue.separated(self.text, name.end)
        if match:
            is_one = not match["subscript"] or is_collection(name.name)
            of_code = in_code.behind_separator(self.text, name, match) if name.is_secret and is_one else []
            return of_code or (self.separated(name, match) if is_one else [])
        if not name.is_secret:
            return None
        if found := told_elsewhere(self.text, name, self.has_tags):
            return found
        following = self.text[name.end : name.end + 1]
        if following in BLANKS and (found := self.spaced(name)):
            return found
        is_item = following in ITEM_ENDS and self.text[name.start - 1 : name.start] in ITEM_BEGINS
        if following in LIST_MARKS and not is_item and (found := in_a_list(self.text, name)):
            return found
        return self.marked(name) if self.has_tags else None

    def separated(self, name: Name, match: re.Match[str]) -> list[Place]:
        """The values behind `=`, `:` and the like."""
        if match["separator"] in BARS:
            return is_cell(self.text, name, match.end("gap")) if name.is_secret else []
        at = match.end("gap")
        if literal := literal_place(self.text, at):
            return [literal] if self.may_be_quoted(name, match["separator"], literal) else []
        places = self.quoted(name, match)
        if places is not None:
            return places
        if phrase := PHRASE.match(self.text, at):
            return [phrase.span()]
        if not name.is_secret:
            around = self.around(name)
            place = at, at + len(short_word(self.text, at, around))
            is_one = is_parameter(self.text, name, match["separator"], place, is_quoted=False)
            return [word_place(self.text, at, around)] if is_one else []
        if match["block"]:
            at = match.end("block")
            return (
                [line_place(self.text, at)] if match["block"].startswith("<<") else block_place(self.text, at)
            )
        if (
            match["separator"] == ":"
            and not match["gap"]
            and (found := self.below(name, match.end("separator")))
        ):
            return found
        return self.bare(name, match, at)

    def below(self, name: Name, at: int) -> list[Place]:
        """The values in the lines below a name of YAML that look like one; a title may have lines below it, too."""
        found: list[Place] = []
        if not LINE_BACKWARDS.match(name.backwards, name.before):
            return found
        while len(found) < glue.MOST_BELOW and (match := glue.below(self.text, at)):
            if not is_key(name.name, match["value"]) or is_code(match["value"]):
                break
            found.append(match.span("value"))
            if not match["item"]:
                break
            at = self.text.rfind("\n", at, match.end())
        return found

    def quoted(self, name: Name, match: re.Match[str]) -> list[Place] | None:
        """The texts in quotes behind the separator that are secrets; None if no quote belongs to it."""
        text, quote = self.text, match["quote"]
        if quote is None or (not match["close"] and "\n" in text[match.end("gap") : match.start("wrap")]):
            return None
        if quote == "`" and not is_template(text, match):
            return []
        if match["gap"] and not match["close"] and text[match.end() : match.end() + 1] in ENDS_A_STRING:
            return []  # the quote ends a prompt, as in `input("Password: ")`
        is_list = "[" in match["wrap"] or match["separator"].lower().endswith("in")
        places = quoted_values(text, quote, match.end(), is_list=is_list)
        self.work.take(CANDIDATE * len(places))
        return [place for place in places if self.may_be_quoted(name, match["separator"], place)]

    def may_be_quoted(self, name: Name, separator: str, place: Place) -> bool:
        """Whether the text in quotes is a secret; not that of a shell's folder, nor a token of a model's answer."""
        if not name.is_secret:
            return is_parameter(self.text, name, separator, place, is_quoted=True)
        value = self.text[slice(*place)]
        if separator in {"==", "!="} and not is_of_password(name.name) and not is_key(name.name, value):
            return False
        is_token = name.name == "token" and PROBABILITY.match(self.text, place[1]) is not None
        return (not is_token or is_key(name.name, value)) and not is_folder(name.name, value)

    def bare(self, name: Name, match: re.Match[str], at: int) -> list[Place]:
        """The value without quotes behind `=`, `:` and the like: of a header or a string, a number, a word."""
        text, separator = self.text, match["separator"]
        is_colon = separator == ":" and match["gap"] != ""
        if is_colon and name.name.lower().endswith("cookie"):
            if name.start < self.cookies_end:  # the line was read, and has no cookie
                return []
            place, self.cookies_end = cookies_place(text, at)
            return [place]
        at = behind_mark(text, at)
        if split_words(name.name)[-1:] == ("authorization",) and (header := credentials_place(text, at)):
            return [header]
        if is_folder(name.name, text[at : at + 4]):
            return []
        if text[name.start - 1 : name.start] == ";" and separator == "=" and (part := PART.match(text, at)):
            return [part.span()]
        if match["close"]:
            number = NUMBER.match(text, at)
            if number:
                return [] if is_count(name.name, 0) else [number.span()]
            if match["close"].endswith("]") and separator == "=>":
                return [line_place(text, at)]
        around = self.around(name)
        value = short_word(text, at, around)
        is_one = is_strong(match, value) or is_value(text, name, match, value) or SCHEME.match(text, at)
        return [word_place(text, at, around)] if is_one else []

    def around(self, name: Name) -> Around:
        """What the value of the name stands in."""
        if self.text[name.start - 1 : name.start] in {"?", "&"}:
            return Around.URL
        line = LINE_BACKWARDS.match(name.backwards, name.before)
        return Around.LINE if self.has_lines and line and "\\" not in line[0] else Around.TEXT

    def spaced(self, name: Name) -> list[Place] | None:
        """The value behind white space: of an option, of a statement that sets it, or of a line of settings."""
        is_option = name.name.startswith("-")
        match = (glue.behind_option if is_option else glue.spaced)(self.text, name.end)
        if match is None:
            return None
        quote, at = match["quote"], match.end()
        if quote:
            place = quoted_values(self.text, quote, at, is_list=False)[0]
            value = self.text[place[0] : min(place[1], place[0] + LONGEST_JUDGED)]
        else:
            value = short_word(self.text, at, self.around(name))
            place = at, at + len(value)
        if not is_option and not follows_space(self.text, name, place, value, is_quoted=bool(quote)):
            return None
        return [place if quote else word_place(self.text, at, self.around(name))]

    def marked(self, name: Name) -> list[Place] | None:
        """The value in an element of XML that is named by its tag, by an attribute, or by the element before it."""
        match = glue.marked(self.text, name.end)
        if match is None:
            return None
        value = match["value"]
        start = match.start("value") + len(value) - len(value.lstrip())
        place = start, start + len(value.strip())
        if TAG.match(name.backwards, name.before):
            return [place]
        tag = match["key"] or ""
        is_sure = bool(glue.is_listed_name(name.backwards, name.before) or KEY_TAG.match(tag))
        is_sure = is_sure or (CELL_TAG.match(tag) is not None and is_key(name.name, value.strip()))
        return [place] if not re.search(r"\s", value.strip()) and is_sure else None
