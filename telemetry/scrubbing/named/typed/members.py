r"""
What is typed into a field that another member of the object names.

    {"selector": "#password", "text": "..."}   {"element": "Password textbox", "ref": "e12", "text": "..."}
    {"target": "id=password", "value": "..."}   page.fill(selector="#password", value="...")

The names are those of https://github.com/microsoft/playwright-mcp (`element`, `target`, `name`, `text`, `value`),
https://github.com/modelcontextprotocol/servers-archived/tree/main/src/puppeteer (`selector`, `value`),
https://docs.stagehand.dev/v3/basics/observe (`description`, `selector`, `arguments`), https://docs.browser-use.com
(`text`, `xpath`), https://www.selenium.dev/selenium-ide/docs/en/api/commands (`target`, `value`) and
https://www.w3.org/TR/webdriver2/#element-send-keys (`text`, `value`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.glue import BLANK, OPENING, OTHER, QUOTE, SPACE
from telemetry.scrubbing.named.typed.fields import (
    MEMBER_BEGINNING,
    QUOTE_BACKWARDS,
    REST,
    Field,
    is_field,
    is_typed,
)
from telemetry.scrubbing.named.values import quoted_values
from telemetry.scrubbing.names import split_words

# The last words of the names of members that name a field, and those of members with what is typed.
FIELDS = frozenset(
    {
        "css", "description", "element", "field", "id", "label", "locator", "name", "placeholder", "query",
        "selector", "target", "testid", "title", "xpath",
    }
)  # fmt: skip
VALUES = (
    "text",
    "value",
    "values",
    "keys",
    "input",
    "content",
    "characters",
    "chars",
    "arguments",
    "args",
    "string",
    "data",
)
# A member with one of these names may also be the name of a tool, whose arguments are no value of a field.
NAMES = frozenset({"name", "id", "title"})
OF_NAMES = frozenset({"text", "value", "values", "keys"})
TYPED = (
    rf"(?i:(?:[a-z]{{1,12}}_)?(?:{'|'.join(VALUES)})(?:_to_[a-z]{{1,8}})?|(?:input|new|typed)(?:text|value))"
)
TYPED_MEMBER = re.compile(TYPED)
# What ends the object that holds the label: `"locator": {"role": "textbox", "name": "Password"}, "value": ...`.
SIBLING = re.compile(
    rf"{REST}{BLANK}{{0,8}}\}}?[,;]{BLANK}{{0,16}}(?:{OTHER}){{0,6}}?{QUOTE}?(?P<member>{TYPED}){QUOTE}?"
    rf"{SPACE}{{0,4}}(?:=>|[=:]){OPENING}(?P<quote>{QUOTE})"
)
REST_OF_NAME = re.compile(REST)
NAMED = re.compile(
    rf"[ \t]{{0,4}}(?:>=|[=:])[ \t]{{0,4}}(?:{QUOTE_BACKWARDS})?(?P<key>[\w-]{{1,40}})"
)  # backwards
OTHER_BACKWARDS = (
    rf"(?:{QUOTE_BACKWARDS}[^\"'`\\\r\n]{{0,120}}+{QUOTE_BACKWARDS}|\w{{1,40}}+)[ \t]{{0,4}}[=:][ \t]{{0,4}}"
    rf"(?:{QUOTE_BACKWARDS})?[A-Za-z_]{{1,20}}+(?:{QUOTE_BACKWARDS})?\s{{0,8}},\s{{0,16}}"
)
# `"text": "...", "element": "`, read backwards from the name of the member with the label on.
TYPED_BEFORE = re.compile(
    rf"(?:{QUOTE_BACKWARDS})?\s{{0,8}},\s{{0,16}}(?:{OTHER_BACKWARDS}){{0,4}}?(?P<quote>{QUOTE_BACKWARDS})"
    rf"(?P<value>(?:[^\"'`]|[\"'`](?!\\{{0,15}}[ \t]{{0,4}}[=:])){{1,256}}+)(?P=quote)[ \t]{{0,4}}[=:][ \t]{{0,4}}"
    rf"(?:{QUOTE_BACKWARDS})?(?P<key>[\w-]{{1,40}})"
)


def sibling_values(text: str, field: Field) -> Iterator[Place]:
    """The places of what is typed in a member beside the one that names the field."""
    beginning = MEMBER_BEGINNING.match(field.before)
    named = NAMED.match(field.before, beginning.end()) if beginning else None
    if beginning is None or named is None or not names_a_field(named["key"][::-1]):
        return
    key = named["key"][::-1]
    places = values_behind(text, field, key) or value_before(text, field, key, named.end())
    if not places or not is_field(beginning["label"][::-1], rest_of_label(text, field.end)):
        return
    if is_typed(field, "".join(text[slice(*place)] for place in places)):
        yield from places


def values_behind(text: str, field: Field, key: str) -> list[Place]:
    """The places of the texts in a member behind that of the field."""
    sibling = SIBLING.match(text, field.end)
    if sibling is None or not belongs_to(key, sibling["member"], is_list="[" in sibling["wrap"]):
        return []
    return quoted_values(text, sibling["quote"], sibling.end(), is_list="[" in sibling["wrap"])


def value_before(text: str, field: Field, key: str, at: int) -> list[Place]:
    """The place of the text in a member before that of the field, whose name begins there, read backwards."""
    before = TYPED_BEFORE.match(field.before, at)
    member = before["key"][::-1] if before else ""
    if before is None or not holds_typed(member) or not belongs_to(key, member, is_list=False):
        return []
    return [(field.start - before.end("value"), field.start - before.start("value"))]


def rest_of_label(text: str, at: int) -> str:
    """The label, or the selector, from the name of the secret on."""
    rest = REST_OF_NAME.match(text, at)
    return rest[0] if rest else ""


def belongs_to(key: str, member: str, *, is_list: bool) -> bool:
    """Whether the member may hold what is typed into the field that the member `key` names."""
    last_word = split_words(key)[-1]
    if (
        last_word == "description"
    ):  # of an action, which has a list of arguments; those of a tool are an object
        return is_list
    return last_word not in NAMES or not OF_NAMES.isdisjoint(split_words(member))


def names_a_field(member: str) -> bool:
    """Whether a member of this name says into what something is typed."""
    return not FIELDS.isdisjoint(split_words(member)[-1:])


def holds_typed(member: str) -> bool:
    """Whether a member of this name holds what is typed."""
    return TYPED_MEMBER.fullmatch(member) is not None
