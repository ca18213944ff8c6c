"""
Values in statements of SQL and in sentences.

    IDENTIFIED BY '...'   WITH PASSWORD '...'   SET PASSWORD FOR 'u'@'h' = '...'
    the password is ...   das Passwort lautet ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.looks import is_key, is_numbered_word, is_told
from telemetry.scrubbing.named.values import closing, word_place
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.randomness import has_digit
from telemetry.scrubbing.work import CANDIDATE, Work

# The account that a password is for: https://dev.mysql.com/doc/refman/8.4/en/set-password.html
ACCOUNT = r"(?:\\{0,15}[\"'`][^\"'`\\\r\n]{0,80}+\\{0,15}[\"'`]|[\w%.-]{1,80}+)"
STATEMENT = re.compile(
    r"(?i)(?<![\w\"'])(?:identified(?: with \S{1,40}+ as|(?: with \S{1,40}+)? by(?: password)?)|password"
    rf"(?: for {ACCOUNT}(?:@{ACCOUNT})? {{0,4}}(?:=|to)(?= ))?) ?[ =(]"
    r"(?P<quote>\\{0,15}['\"])(?=[^\s'\",;]{1,256}['\"\\])"
)
# Oracle's password may stand without quotes: https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/
BARE_IDENTIFIED = re.compile(r"(?i)(?<![\w\"'])identified by (?=[A-Za-z]\w{5,29}(?:[;\s]|\Z))")
SENTENCE = re.compile(
    r"(?i)(?<![\w-])(?:pass(?:word|phrase|code)|passwort|kennwort|contraseña|mot de passe|senha|wachtwoord|пароль|"
    r"api key|access key|secret key|token|secret) (?:is now|is|was|will be|ist|lautet|es|est|é|—|это):? {1,2}"
    r"\\{0,15}[\"'`]?(?P<value>[^\s,;\"'`<>\\]{3})"
)
# The first words of the two. All but one end as names do, where they are searched for.
FIRST_WORDS = (
    "password", "passphrase", "passcode", "passwort", "kennwort", "contraseña", "mot de passe", "senha", "wachtwoord",
    "пароль", "api key", "access key", "secret key", "token", "secret", "identified",
)  # fmt: skip
FIRST_WORD = re.compile(rf"(?i)({'|'.join(word[::-1] for word in FIRST_WORDS)})(?![\w-])")  # backwards
IDENTIFIED = re.compile(r"(?i)identified(?= )")
BEHIND_PASSWORD = {" ", "=", "("}
LONGEST_NAME = 66
LONGEST_WORD = 14  # characters, with one before it
VERBS = ("is", "was", "will", "ist", "lautet", "es", "est", "é", "—", "это")
SPACE_AND_VERB = re.compile(rf" (?i:{'|'.join(VERBS)})")
KEYS = ("key", "token", "secret")


VERB = r" (?:is now|is|was|will be|ist|lautet|es|est|é|—|это):? {1,2}"
# What happened to a value: `was changed from "..." to "..."`.
CHANGES = ("changed", "updated", "modified", "rotated", "replaced", "switched")
CHANGE = re.compile(
    rf"\\{{0,15}}[\"'`]? (?:(?:was|has been|is|got) )?(?:{'|'.join(CHANGES)})(?: from |: ?)(?=\S)"
    rf"|\\{{0,15}}[\"'`]? from (?=\\{{0,15}}[\"'`][^\"'`\\\r\n]{{1,256}}+\\{{0,15}}[\"'`] to \\{{0,15}}[\"'`])",
    re.I,
)
TO = re.compile(r"(?:\\{0,15}[\"'`])?(?: (?:to|with|by) | ?(?:->|=>) ?)(?=\S)")
QUOTE = re.compile(r"\\{0,15}[\"'`]")
BEHIND_NAME = re.compile(rf"(?i){VERB}\\{{0,15}}[\"'`]?(?=\S)")
# Whose the value is: `the password for bob is ...`.
FOR_ACCOUNT = rf" (?:for|of) (?:the )?(?:user )?[^\s:;,]{{1,80}}+(?={VERB})"
FOR = re.compile(rf"{FOR_ACCOUNT}{VERB}\\{{0,15}}[\"'`]?(?=\S)")
IDENTIFIER = re.compile(
    r"(?i:yek [a-z]{2,20}+)(?![\w-])|[\w.-]{1,65}+"
)  # read backwards: `signing key`, `DB_PASSWORD`


def told(text: str, ends: list[int], work: Work) -> Iterator[Place]:
    """The places of passwords in statements of SQL, and of secrets that a sentence tells."""
    for end in ends:
        if is_for := FOR.match(text, end):
            work.take(4 * CANDIDATE)
            yield from of_account(text, end, is_for)
        if change := CHANGE.match(text, end):
            work.take(4 * CANDIDATE)
            yield from changed_values(text, end, change)
        if SPACE_AND_VERB.match(text, end):
            work.take(4 * CANDIDATE)
            word = FIRST_WORD.match(text[max(0, end - LONGEST_WORD) : end][::-1])
            place = sentence(text, end - len(word[1])) if word else of_identifier(text, end)
            if place:
                yield place
        elif text[end : end + 1] in BEHIND_PASSWORD and text[end - 8 : end].lower() == "password":
            yield from statement(text, end - 8, work)
    if "dentified" in text or "DENTIFIED" in text:
        for match in IDENTIFIED.finditer(text):
            yield from statement(text, match.start(), work)


def statement(text: str, start: int, work: Work) -> Iterator[Place]:
    """The place of the password in the statement of SQL that may begin here."""
    work.take(CANDIDATE)
    match = STATEMENT.match(text, start)
    if match:
        yield match.end(), closing(text, match["quote"], match.end())
    elif bare := BARE_IDENTIFIED.match(text, start):
        value = told_word(text, bare.end())
        if is_told(value) and not is_numbered_word(value) and value.isascii():
            yield bare.end(), bare.end() + len(value)


def changed_values(text: str, end: int, change: re.Match[str]) -> Iterator[Place]:
    """The places of the values before and after a change: in quotes, or what looks like a secret of this name."""
    name = IDENTIFIER.match(text[max(0, end - LONGEST_NAME) : end][::-1])
    word = FIRST_WORD.match(text[max(0, end - LONGEST_WORD) : end][::-1])
    written = word[1][::-1] if word else name[0][::-1] if name else ""
    at = change.end()
    for _ in ("before", "after") if is_secret(written) else ():
        quote = QUOTE.match(text, at)
        start = quote.end() if quote else at
        place = (
            (start, closing(text, quote[0], start)) if quote else (start, start + len(told_word(text, start)))
        )
        value = text[slice(*place)]
        if (quote and " " not in value) or (is_key(written, value) and is_told(value)):
            yield place
        following = TO.match(text, place[1])
        if following is None:
            return
        at = following.end()


def of_account(text: str, end: int, match: re.Match[str]) -> Iterator[Place]:
    """The place of the secret that a sentence tells of somebody: `the password for bob is ...`."""
    before = text[max(0, end - LONGEST_NAME) : end][::-1]
    name = FIRST_WORD.match(before) or IDENTIFIER.match(before)
    value = told_word(text, match.end())
    written = name[0][::-1] if name else ""
    if is_secret(written) and is_key(written, value) and not is_numbered_word(value):
        yield match.end(), match.end() + len(value)


def of_identifier(text: str, end: int) -> Place | None:
    """The place of the secret that a sentence tells of a name as programs write it: `the DB_PASSWORD is ...`."""
    match = BEHIND_NAME.match(text, end)
    name = IDENTIFIER.match(text[max(0, end - LONGEST_NAME) : end][::-1]) if match else None
    if match is None or name is None or not is_secret(name[0][::-1]):
        return None
    value = told_word(text, match.end())
    is_one = is_key(name[0][::-1], value) and is_told(value)
    return (match.end(), match.end() + len(value)) if is_one else None


def told_word(text: str, at: int) -> str:
    """The word of a sentence that begins here, without the signs that end the sentence."""
    return text[slice(*word_place(text, at))].rstrip(".!?:)`")


def sentence(text: str, word_start: int) -> Place | None:
    """The place of the secret that a sentence tells; words such as `required` tell none."""
    match = SENTENCE.match(text, word_start)
    if match is None:
        return None
    start = match.start("value")
    value = told_word(text, start)
    end, is_of_key = start + len(value), match[0].lower().startswith(("api", "access", *KEYS))
    if is_of_key and (len(value) < 6 or not has_digit(value) or is_numbered_word(value)):
        return None
    return (start, end) if is_told(value) else None
