"""
Values that code gives to the names of secrets otherwise than by an assignment alone.

    config.setPassword("...")   .username("bob").password("...")   new Password(new Plain("..."))     calls
    passwords.put("bob", "...")   passwords = {"bob": "...", "eve": "..."}                            collections
    password = process.env.PW || "..."   os.getenv("PW", "...")   pw.orElse("...")   ${PW:-...}       defaults

What reads a secret takes its name, and what asks for one a prompt: `getPassword("db")`, `password("Enter it: ")`.
"""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.glue import BLANK, OPENING, QUOTE
from telemetry.scrubbing.named.looks import is_collection, is_key, is_of_password, is_told
from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.named.values import quoted_values
from telemetry.scrubbing.names import is_folder, split_words

MOST_PAIRS, MOST_ARGUMENTS = 64, 3
CREDENTIALS = frozenset({"credential", "credentials"})
SETTERS = frozenset({"set", "with", "put", "use", "assign", "change", "update", "provide"})
# Words before the name of a secret in the name of a function that is given no secret.
READERS = frozenset(
    {
        "ask", "assert", "check", "clear", "create", "decode", "delete", "enter", "expect", "expired", "fetch", "find",
        "forgot", "generate", "get", "handle", "has", "hide", "input", "invalid", "is", "issue", "load", "lookup",
        "make", "mask", "match", "missing", "next", "no", "on", "parse", "peek", "print", "prompt", "random", "read",
        "refresh", "remove", "request", "require", "reset", "revoke", "rotate", "show", "test", "validate", "verify",
    }
)  # fmt: skip
CALL = re.compile(rf"\({OPENING}(?P<quote>{QUOTE})")
NEXT_ARGUMENT = re.compile(rf"{QUOTE}{BLANK}{{0,8}},{OPENING}(?P<quote>{QUOTE})")
PUT = re.compile(
    rf"\.(?i:put|set|add|insert|store|register|setdefault)\w{{0,16}}\({BLANK}{{0,8}}"
    rf"(?:{QUOTE}[^\"'`\\\r\n]{{1,64}}+{QUOTE}|[\w.]{{1,64}}+){BLANK}{{0,8}},{OPENING}(?P<quote>{QUOTE})"
)
PAIR = re.compile(
    rf"{BLANK}{{0,40}}+{QUOTE}?(?P<key>[^\"'`\\\r\n:=,]{{1,64}}+){QUOTE}?[ \t]{{0,8}}(?:=>|[:=,])"
    rf"{OPENING}(?P<quote>{QUOTE})"
)
# What holds the members of a collection: `{`, `map[string]string{`, `Map.of(`, `HashMap::from([(`, `dict(`.
COLLECTION = re.compile(
    r"(?:map\[\w{1,20}\]\w{1,20}|[A-Z]\w{0,30}(?:\.|::)(?:of|Of|from)|dict"
    r"|new [A-Z]\w{0,20}(?:<[\w, ]{0,40}>)?(?:\(\) ?)?)?[{(\[]{1,3}"
)
CHANGED = frozenset({"old", "new", "from", "to", "before", "after", "previous", "current", "original"})
NEXT_PAIR = re.compile(rf"{QUOTE}{BLANK}{{0,8}},(?={BLANK}{{0,40}}[\"'`\w\\])")
# An expression without a text but in brackets, and what stands before the text that is used in its place.
IN_BRACKETS = rf"(?:\[[\w\"'`.\\-]{{1,80}}\]|\{{[\w\"']{{1,80}}\}}|\((?:{QUOTE}?[\w.\\-]{{0,80}}{QUOTE}?)\))"
EXPRESSION = rf"[A-Za-z_$@%][\w.$?!:@-]{{0,80}}+(?:{IN_BRACKETS}[\w.$?!]{{0,40}}+){{0,3}}"
OTHERWISE = r"(?:\|\||\?\?|\?:|//|\bor\b|\belse\b|\?[^\"'`:\r\n]{1,80}:)"
# The last letters of methods that return what they are given where there is nothing: `orElse(`, `unwrap_or(`, `or(`.
ENDS_OTHERWISE = r"(?:(?<=Else)|(?<=_else)|(?<=OrDefault)|(?<=_or)|(?<=_default)|(?<=\.or))"
READER = (
    r"(?i:[\w.$:>-]{0,60}(?:env|get|fetch|property|param|config|option|setting|lookup|var|default)\w{0,20})"
    rf"\(\s{{0,4}}{QUOTE}[\w./-]{{1,80}}+{QUOTE}\s{{0,4}},\s{{0,8}}"
)
DEFAULT = re.compile(
    rf"(?:{EXPRESSION}(?:\s{{1,4}}if\s[^\r\n]{{1,80}}?)?\s{{0,8}}{OTHERWISE}\s{{0,8}}"
    rf"|{EXPRESSION}{ENDS_OTHERWISE}\(|{READER}){OPENING}(?P<quote>{QUOTE})"
)
SHELL_DEFAULT = re.compile(r":?[-=](?P<value>[^\s\"'}$]{1,256}+)\}")
LONGEST_EXPRESSION = 400


def behind_separator(text: str, name: Name, match: re.Match[str]) -> list[Place]:
    """The members of a collection, or the text that is used in place of an expression."""
    at = match.end("gap")
    following = text[at : at + 1]
    if not match["subscript"] and (opening := COLLECTION.match(text, at)):
        found = pairs_in(text, opening.end())
        if is_collection(name.name):
            return [place for key, place in found if is_secret_value(name, text[slice(*place)])]
        if following == "{" and found and all(key in CHANGED for key, _ in found):
            return [place for _, place in found]
    if text[name.start - 2 : name.start] == "${":
        default = SHELL_DEFAULT.match(text, name.end)
        return [default.span("value")] if default else []
    if not (following.isalpha() or following in "_$@%") or not following:
        return []
    default = DEFAULT.match(text, at, at + LONGEST_EXPRESSION)
    if default is None or "\n" in default[0][: default.start("quote") - at].rstrip():
        return []
    place = quoted_values(text, default["quote"], default.end(), is_list=False)[0]
    return [place] if is_secret_value(name, text[slice(*place)]) else []


def pairs_in(text: str, at: int) -> list[tuple[str, Place]]:
    """The names and the values in quotes of the members of an object."""
    found: list[tuple[str, Place]] = []
    while len(found) < MOST_PAIRS and (pair := PAIR.match(text, at)):
        found.append((pair["key"] or "", quoted_values(text, pair["quote"], pair.end(), is_list=False)[0]))
        following = NEXT_PAIR.match(text, found[-1][1][1])
        if following is None:
            break
        at = following.end()
    return found


def is_secret_value(name: Name, value: str) -> bool:
    """Whether the text is a secret of this name: of a password any without blanks, of keys what looks like one."""
    if is_folder(name.name, value):
        return False
    if is_of_password(name.name.rstrip("sS")):
        return not any(map(str.isspace, value))
    return is_key(name.name, value)


def call_values(text: str, name: Name) -> list[Place]:
    """The argument of a call that sets a secret, or the second one of what puts one into a collection."""
    following = text[name.end : name.end + 1]
    if following == "." and is_collection(name.name) and (put := PUT.match(text, name.end)):
        place = quoted_values(text, put["quote"], put.end(), is_list=False)[0]
        return [place] if is_secret_value(name, text[slice(*place)]) else []
    call = CALL.match(text, name.end) if following == "(" else None
    if call is None:
        return []
    places = [quoted_values(text, call["quote"], call.end(), is_list=False)[0]]
    if split_words(name.name)[-1] in CREDENTIALS:
        places = arguments_behind(text, places[0]) or places
    return [place for place in places if is_given(text, name, text[slice(*place)])]


def arguments_behind(text: str, place: Place) -> list[Place]:
    """The further texts that a call is given: of credentials, the first one is the user."""
    found: list[Place] = []
    while len(found) < MOST_ARGUMENTS and (argument := NEXT_ARGUMENT.match(text, place[1])):
        place = quoted_values(text, argument["quote"], argument.end(), is_list=False)[0]
        found.append(place)
    return found


def is_given(text: str, name: Name, value: str) -> bool:
    """Whether what a function of this name is called with is a secret."""
    function = name.name.rpartition(".")[2]
    words = split_words(function)
    is_setter = words[0] in SETTERS
    if words[0] in READERS or words[-1].startswith("cookie") or not is_secret_value(name, value):
        return False
    is_member = name.name.startswith(".")  # `.username("bob").password(`
    is_method = (
        "." in name.name or function[:1].isupper() or text[: name.start].endswith(("new ", "->", "::"))
    )
    return is_setter or is_member or (is_method and (is_told(value) or not is_of_password(name.name)))
