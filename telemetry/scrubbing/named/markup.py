"""
Values in XML, in SQL and in a sentence.

    <password>...</password>   <add key="DbPassword" value="..."/>
    IDENTIFIED BY '...'   WITH PASSWORD '...'
    the password is ...   das Passwort lautet ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick, Implementation

from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.endings import REST
from telemetry.scrubbing.named.values import closing
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.randomness import has_digit

ELEMENT = re.compile(
    r"<(?:[\w-]{1,40}+:)?(?P<name>[^\W\d][\w.-]{1,80}+)(?:\s[^<>]{0,200}+)?>(?P<value>[^<>]{1,4096}+)<"
)
PROPERTY = re.compile(
    r"(?i)(?<!\w)(?:key|name|id|property)\s?=\s?\\{0,15}[\"'](?P<name>[\w.:-]{1,80}+)\\{0,15}[\"']\s{1,8}"
    r"(?:value|content)\s?=\s?(?P<quote>\\{0,15}[\"'])"
)
STATEMENT = re.compile(
    r"(?i)(?<![\w\"'])(?:identified(?: with \S{1,40}+ as|(?: with \S{1,40}+)? by(?: password)?)|password) ?[ =(]"
    r"(?P<quote>\\{0,15}['\"])(?=[^\s'\",;]{1,256}['\"\\])"
)
SENTENCE = re.compile(
    r"(?i)(?<![\w-])(?:pass(?:word|phrase|code)|passwort|kennwort|contraseña|mot de passe|senha|wachtwoord|пароль|"
    r"api key|access key|secret key|token|secret) (?:is now|is|was|will be|ist|lautet|es|est|é|—|это):? {1,2}"
    r"\\{0,15}[\"'`]?(?P<value>[^\s,;\"'`<>\\]{3,256}+)"
)
# The first words of the two, in the spellings of sentences: searched for together, since the expressions are slow.
FIRST_WORDS = (
    "password", "passphrase", "passcode", "passwort", "kennwort", "contraseña", "mot de passe", "senha", "wachtwoord",
    "пароль", "api key", "access key", "secret key", "token", "secret", "identified",
)  # fmt: skip
WORDS = AhoCorasick(
    [
        spelled
        for word in FIRST_WORDS
        for spelled in sorted(
            {word, word.capitalize(), word.upper(), word.title(), word.replace("api", "API")}
        )
    ],
    implementation=Implementation.DFA,
)
BEHIND_WORD = {" ", "=", "("}
SPACE_AND_VERB = re.compile(r" (?i:is|was|will|ist|lautet|es|est|é|—|это)")
LONGEST_TAG = 124  # characters before the end of a name
BEFORE_VALUE = re.compile(REST + r"\\{0,15}[\"']\s{1,8}(?i:value|content)\s?=")
KEYWORD = re.compile(r"(?i)(?<!\w)(?:key|name|id|property)\s?\Z")
KEYS = ("key", "token", "secret")
LONG_WORD = 14  # letters; words of sentences behind `is` are shorter
CAPITAL_INSIDE = re.compile(r"[a-z][A-Z]")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def elements(text: str, ends: list[int]) -> Iterator[Place]:
    """The places of values in elements of XML."""
    last_start = -1
    for end in ends:
        start = text.rfind("<", max(0, end - LONGEST_TAG), end)
        match = ELEMENT.match(text, start) if start > last_start else None
        last_start = max(start, last_start)
        if match and is_secret(match["name"]):
            yield match.span("value")


def properties(text: str, ends: list[int]) -> Iterator[Place]:
    """The places of values in properties of XML, whose names are values themselves."""
    for end in ends:
        if BEFORE_VALUE.match(text, end):
            equals = text.rfind("=", max(0, end - LONGEST_TAG), end)
            keyword = KEYWORD.search(text, max(0, equals - 10), equals)
            match = PROPERTY.match(text, keyword.start()) if keyword else None
            if match and is_secret(match["name"]):
                yield match.end(), closing(text, match["quote"], match.end())


def told(text: str, area: Area) -> Iterator[Place]:
    """The places of passwords in statements of SQL, and of secrets that a sentence tells."""
    for _, start, end in WORDS.find_matches_as_indexes(text, overlapping=True):
        if text[end : end + 1] in BEHIND_WORD and (area is None or area[end]):
            statement = STATEMENT.match(text, start)
            if statement:
                yield statement.end(), closing(text, statement["quote"], statement.end())
            elif SPACE_AND_VERB.match(text, end) and (place := sentence(text, start)):
                yield place


def sentence(text: str, word_start: int) -> Place | None:
    """The place of the secret that a sentence tells; words such as `required` tell none."""
    match = SENTENCE.match(text, word_start)
    if match is None:
        return None
    start, end = match.span("value")
    end = start + len(match["value"].rstrip(".!?:)"))
    value, is_of_key = text[start:end], match[0].lower().startswith(("api", "access", *KEYS))
    is_secret_word = is_told(value) and (not is_of_key or (len(value) >= 6 and has_digit(value)))
    return (start, end) if is_secret_word else None


def is_told(value: str) -> bool:
    """Whether the word is a secret and not one of the sentence: it has a digit, a sign, capitals inside, or is long."""
    if not WORD.fullmatch(value):
        return True
    return (len(value) >= LONG_WORD and "-" not in value) or CAPITAL_INSIDE.search(value) is not None
