"""
Values in statements of SQL and in sentences.

    IDENTIFIED BY '...'   WITH PASSWORD '...'
    the password is ...   das Passwort lautet ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick, Implementation

from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.looks import is_numbered_word, is_told
from telemetry.scrubbing.named.values import closing
from telemetry.scrubbing.randomness import has_digit

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
KEYS = ("key", "token", "secret")


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
    if is_of_key and (len(value) < 6 or not has_digit(value) or is_numbered_word(value)):
        return None
    return (start, end) if is_told(value) else None
