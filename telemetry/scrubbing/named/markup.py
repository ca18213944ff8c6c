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

from telemetry.scrubbing.kinds.search import Place
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
KEYS = ("key", "token", "secret")
LONG_WORD = 14  # letters; words of sentences behind `is` are shorter
CAPITAL_INSIDE = re.compile(r"[a-z][A-Z]")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def elements(text: str) -> Iterator[Place]:
    """The places of values in elements and properties of XML."""
    for match in ELEMENT.finditer(text):
        if is_secret(match["name"]):
            yield match.span("value")
    for match in PROPERTY.finditer(text):
        if is_secret(match["name"]):
            yield match.end(), closing(text, match["quote"], match.end())


def statements(text: str) -> Iterator[Place]:
    """The places of passwords in quotes in statements of SQL."""
    for _, start, _ in WORDS.find_matches_as_indexes(text, overlapping=True):
        match = STATEMENT.match(text, start)
        if match:
            yield match.end(), closing(text, match["quote"], match.end())


def sentences(text: str) -> Iterator[Place]:
    """The places of secrets that a sentence tells; words such as `required` tell none."""
    for _, word_start, _ in WORDS.find_matches_as_indexes(text, overlapping=True):
        match = SENTENCE.match(text, word_start)
        if match is None:
            continue
        start, end = match.span("value")
        end = start + len(match["value"].rstrip(".!?:)"))
        value, is_of_key = text[start:end], match[0].lower().startswith(("api", "access", *KEYS))
        if is_told(value) and (not is_of_key or (len(value) >= 6 and has_digit(value))):
            yield start, end


def is_told(value: str) -> bool:
    """Whether the word is a secret and not one of the sentence: it has a digit, a sign, capitals inside, or is long."""
    if not WORD.fullmatch(value):
        return True
    return (len(value) >= LONG_WORD and "-" not in value) or CAPITAL_INSIDE.search(value) is not None
