r"""
What a sentence says is typed into a field, or becomes a password, and what commands set as one.

    type "..." into the password field   Filled #password with: ...   set the password field to "..."
    the password has been set to ...   use ... as the password   Password for bob: ...   password of bob = ...
    echo 'bob:...' | chpasswd   htpasswd -b file bob ...

The first ones are what the tools of Puppeteer MCP and of Playwright's MCP servers answer, and what Stagehand is asked:
https://github.com/modelcontextprotocol/servers-archived/tree/main/src/puppeteer,
https://docs.stagehand.dev/v3/best-practices/prompting-best-practices. The commands:
https://man7.org/linux/man-pages/man8/chpasswd.8.html, https://httpd.apache.org/docs/2.4/programs/htpasswd.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.glue import QUOTE
from telemetry.scrubbing.named.looks import is_code, is_key, is_of_password, is_told
from telemetry.scrubbing.named.typed.fields import (
    BEHIND_NAME,
    LONGEST_BEFORE,
    NO_FIELD,
    QUOTE_BACKWARDS,
    REST_OF_SELECTOR,
    Field,
    is_typed,
)
from telemetry.scrubbing.named.values import closing, plain_place, word_place
from telemetry.scrubbing.names import split_words

# A value in a sentence, read backwards: in quotes, or a word.
VALUE_BACKWARDS = (
    rf"(?:(?P<quote>{QUOTE_BACKWARDS}+)(?P<value>[^\"'`\r\n]{{1,256}}+)(?P=quote)"
    r"|(?P<bare>[^\s\"'`,;]{6,256}+))"
)
VERBS = (
    "type", "typed", "typing", "types", "enter", "entered", "entering", "enters", "input", "inputs", "inputted",
    "inputting", "put", "paste", "pasted", "fill", "filled", "filling", "send", "sent", "write", "wrote", "key",
)  # fmt: skip
TYPING = "|".join(verb[::-1] for verb in VERBS)
OWNERS = "|".join(
    word[::-1] for word in ("the", "your", "a", "an", "one", "my", "his", "her", "their", "its")
)
ADJECTIVES = "|".join(word[::-1] for word in ("new", "temporary", "admin", "user", "root"))
# `type "..." into the password`, read backwards from the name on.
TYPED_INTO = re.compile(
    rf"(?P<before>[\w#.\[='\"`-]{{0,40}}+(?: [\w\"'`=\[#.-]{{1,20}}+){{0,4}}?) (?:otni|ni|otno|ot|rof)"
    rf"(?: eulav| txet)? {VALUE_BACKWARDS} ?:?(?: txet| eulav| drowssap| syek)?(?: eht)? (?i:{TYPING})(?!\w)"
)
USED_AS = re.compile(
    rf"(?P<before>(?: (?:{ADJECTIVES}))?(?: (?:{OWNERS}))?) sa {VALUE_BACKWARDS} "
    rf"(?i:esu|gnisu|desu|htiw|tes|{TYPING})(?!\w)"
)
REST_OF_FIELD = (
    rf"(?:{REST_OF_SELECTOR}|(?:{QUOTE})?(?:{BEHIND_NAME}){{0,3}})(?:{QUOTE}|\*\*)?(?:['’]s value)?"
)
BEHIND_FIELD = re.compile(rf"{QUOTE}|{BEHIND_NAME}")
FILLED = re.compile(
    rf"(?i){REST_OF_FIELD} (?:with|to|as)(?: the)?(?: value| text| password)?:? (?P<quote>{QUOTE})?(?=\S)"
)
FILLS = re.compile(  # read backwards; one may set or update what is no field, too
    rf"(?i)[#\[='\"`@()/*\w-]{{0,40}}+(?: (?:{QUOTE_BACKWARDS})?[\w/.:-]{{1,24}}+){{0,4}}? (?:ni |tuo )?"
    r"(?:dellif|llif|gnillif|depyt|epyt|deretne|retne|etalupop|detalupop|(?P<weak>tes|gnittes|etadpu|detadpu))(?!\w)"
)
DONE = r"(?:has been|have been|was|is|is now|got|gets|been)(?: successfully)? (?:set|reset|changed|updated)(?: back)?"
SET = re.compile(
    rf"(?i)(?:{BEHIND_NAME}| on [\w@.-]{{1,40}}){{0,2}}(?P<done> {DONE})? to:? (?P<quote>{QUOTE})?(?=\S)"
)
CHANGE_VERBS = (
    "change",
    "changed",
    "changing",
    "set",
    "setting",
    "reset",
    "resetting",
    "update",
    "updated",
    "updating",
    "rotate",
    "rotated",
)
SETS = re.compile(
    rf"(?i)(?: [\w'’-]{{1,20}}+){{0,3}}? (?:{'|'.join(verb[::-1] for verb in CHANGE_VERBS)})(?!\w)"
)
OF_ACCOUNT = re.compile(
    rf"(?i) (?:for|of) (?:the )?(?:user )?{QUOTE}?[\w@.-]{{1,64}}+{QUOTE}? ?[:=] ?(?P<quote>{QUOTE})?(?=\S)"
)
# `echo 'bob:...' | sudo /usr/sbin/`, read backwards from the name of the program on.
PIPED = re.compile(
    r"(?:/[\w/]{1,30}+)?[ \t]{0,4}(?:odus )?[ \t]{0,4}\|[ \t]{0,4}(?P<quote>[\"']\\{0,15})?(?:n\\{1,4})?"
    r"(?P<value>[^\s:\"'|]{1,256}+):[^\s:\"'|]{1,64}+"
)
HERE = re.compile(rf"\s{{0,4}}<<<\s{{0,4}}{QUOTE}?[^\s:\"']{{1,64}}+:(?P<value>[^\s\"'\\]{{1,256}}+)")
# `-b` takes the password from the command line; `-n` writes to no file.
OPTIONS = re.compile(r"(?: -[A-Za-z]{1,8}(?: \d{1,2})?){1,5}+")
BATCH = re.compile(r" -[A-Za-z]{0,8}b")
ARGUMENT = re.compile(r" [^\s]{1,200}+(?= )")


def told_values(text: str, field: Field) -> Iterator[Place]:
    """The places of what a sentence says is typed into the field, or becomes the secret."""
    if match := TYPED_INTO.match(field.before):
        yield from place_before(text, field, match, is_sure=match["quote"] is not None)
    if match := USED_AS.match(field.before):
        yield from place_before(text, field, match, is_sure=False)
    yield from told_behind(text, field)


def place_before(text: str, field: Field, match: re.Match[str], *, is_sure: bool) -> Iterator[Place]:
    """The place of the value that a match of the text before the name, read backwards, has."""
    group = "value" if match["quote"] else "bare"
    start, end = field.start - match.end(group), field.start - match.start(group)
    # A key that the words behind it do not make one is not suspected (suspicion.py), as at the end of a sentence.
    is_sure_word = "secret" in field.name or (is_of_password(field.name) and "pass" not in field.name.split())
    is_suspected = is_sure_word or BEHIND_FIELD.match(text, field.end)
    is_of_field = is_suspected and not NO_FIELD.intersection(split_words(match["before"][::-1]))
    if is_of_field and is_one(field, text[start:end], is_sure=is_sure):
        yield start, end


def told_behind(text: str, field: Field) -> Iterator[Place]:
    """The places of such values behind the name."""
    if (match := FILLED.match(text, field.end)) and (verb := FILLS.match(field.before)):
        yield from place_behind(text, field, match, is_sure=bool(match["quote"]) and not verb["weak"])
        return
    match = SET.match(text, field.end)
    if match is None or not (match["done"] or SETS.match(field.before)):
        match = OF_ACCOUNT.match(text, field.end)
    if match:
        yield from place_behind(text, field, match, is_sure=False)


def place_behind(text: str, field: Field, match: re.Match[str], *, is_sure: bool) -> Iterator[Place]:
    """The place of the value, in quotes or not, that begins where the match ends."""
    start = match.end()
    if match["quote"]:
        end = closing(text, match["quote"], start)
    else:
        word = text[slice(*word_place(text, start))].rstrip(".!?:)`")
        end = start + len(word)
    if is_one(field, text[start:end], is_sure=is_sure):
        yield start, end


def is_one(field: Field, value: str, *, is_sure: bool) -> bool:
    """Whether the value of a sentence is a secret: what is typed in quotes is, and else what looks like one."""
    if is_sure:
        return is_typed(field, value)
    return is_key(field.name, value) and is_told(value) and not is_code(value) and " " not in value


def set_by_command(text: str, end: int) -> Iterator[Place]:
    """The place of the password that `chpasswd` or `htpasswd` is given, whose name ends here."""
    if text.endswith("htpasswd", 0, end):
        yield from given_to_htpasswd(text, end)
    elif text.endswith("chpasswd", 0, end):
        start = end - len("chpasswd")
        if here := HERE.match(text, end):
            yield here.span("value")
        elif piped := PIPED.match(text[max(0, start - LONGEST_BEFORE) : start][::-1]):
            yield start - piped.end("value"), start - piped.start("value")


def given_to_htpasswd(text: str, end: int) -> Iterator[Place]:
    """The place of the argument behind the file, which `-n` has none of, and the user."""
    options = OPTIONS.match(text, end)
    if options is None or not BATCH.search(options[0]):
        return
    at = options.end()
    for _ in range(1 if "n" in options[0] else 2):
        argument = ARGUMENT.match(text, at)
        if argument is None:
            return
        at = argument.end()
    yield plain_place(text, at + 1)
