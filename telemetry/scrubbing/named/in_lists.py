"""
Values in another member of an object than the name, in another item of a list, or in a part of a form.

    {"name": "DB_PASSWORD", "value": "..."}   {"field": "password", "old": "...", "new": "..."}   ['--password', '...']
    {"op": "replace", "path": "/users/0/password", "value": "..."}   {"path": ["users", 0, "password"], "value": "..."}
"""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named import glue
from telemetry.scrubbing.named.looks import is_key, is_told
from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.named.values import line_place, quoted_values
from telemetry.scrubbing.randomness import looks_random

HEADER = re.compile(r"(?i)(?:proxy-)?authorization|(?:set-)?cookie|api-key|x-[a-z-]{1,60}")
OPEN_BRACKET = re.compile(r"(?:[\"'`]\\{0,15})?b? ?[({\[]")  # read backwards
# Members with the values before and after a change. `from` is a path in a JSON Patch, and `to` a place as often.
CHANGED = frozenset({"old", "new", "previous", "original"})
MOVED = frozenset({"from", "to", "before", "after"})
OF_POINTER = frozenset({"value", *CHANGED, *MOVED})
# A text before the name in the same list, read backwards: Node's `rawHeaders` and ASGI's scopes flattened.
# https://nodejs.org/api/http.html#messagerawheaders
LIST_BEFORE = re.compile(r"[\"'`]\\{0,15}\s{0,16},\s{0,8}\\{0,15}[\"'`]")
MOST_MEMBERS = 4


def in_a_list(text: str, name: Name) -> list[Place] | None:
    """The values in another member of an object, in another item of a list, or in a part of a form."""
    if name.name.startswith("-") and (argument := glue.next_argument(text, name.end)):
        quote = argument["quote"]
        return quoted_values(text, quote, argument.end(), is_list=False) if quote else [argument.span("bare")]
    path_end = glue.end_of_list_path(text, name)
    is_pointer = path_end is not None or glue.is_pointer(name.backwards, name.before) is not None
    is_name = is_pointer or glue.is_listed_name(name.backwards, name.before) is not None
    if is_name and (found := member_values(text, name, path_end or name.end, is_pointer)):
        return found
    if is_name and (before := glue.value_before(name.backwards, name.before)):
        group = "value" if before["quote"] else "bare"
        return [(len(text) - before.end(group), len(text) - before.start(group))]
    if is_name and (match := glue.part_of_form(text, name.end)):
        return [line_place(text, match.end())]
    match = glue.paired(text, name.end)
    return pair_value(text, name, match) if match else None


def member_values(text: str, name: Name, at: int, is_pointer: bool) -> list[Place]:
    """The values in the members behind the name: of a change also those of before."""
    found: list[Place] = []
    for _ in range(MOST_MEMBERS):
        match = glue.listed(text, at)
        if match is None or (is_pointer and match["member"].lower() not in OF_POINTER):
            break
        place = member_place(text, match)
        if match["member"].lower() not in MOVED or is_changed_value(name, text[slice(*place)], is_pointer):
            found.append(place)
        if not match["quote"] or match["member"].lower() not in CHANGED | MOVED:
            break
        at = place[1]
    return found


def member_place(text: str, match: re.Match[str]) -> Place:
    """The place of the member's value."""
    if match["quote"]:
        return quoted_values(text, match["quote"], match.end(), is_list=False)[0]
    return line_place(text, match.end("gap"))


def is_changed_value(name: Name, value: str, is_pointer: bool) -> bool:
    """Whether what a member `from` or `to` holds is a value, and no path or place."""
    if value.startswith("/"):
        return False
    return is_told(value) if is_pointer else is_key(name.name, value)


def is_of_header(name: Name, value: str) -> bool:
    """Whether the text behind the name of a header in a list of texts is its value, and not the next name."""
    if HEADER.fullmatch(name.name) is None:
        return False
    return ("=" in value and name.name.lower().endswith("cookie")) or looks_random(value)


def pair_value(text: str, name: Name, match: re.Match[str]) -> list[Place] | None:
    """The value in a pair: of a header, of Erlang, of Lisp, of PHP, or the last argument of a call."""
    bracket = OPEN_BRACKET.match(name.backwards, name.before)
    place = quoted_values(text, match["quote"], match.end(), is_list=False)[0]
    if match["separator"] == ";" and "s:" in match["wrap"]:  # PHP
        return [place]
    if bracket is None and LIST_BEFORE.match(name.backwards, name.before):
        return [place] if is_of_header(name, text[slice(*place)]) else None
    if bracket is None or not (match["close"] or bracket[0].endswith("{")):
        return None
    is_sure = not match["close"] or HEADER.fullmatch(name.name) is not None
    return [place] if is_sure or is_key(name.name, text[slice(*place)]) else None
