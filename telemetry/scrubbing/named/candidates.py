"""
The names of secrets in a text: where the last word of one ends, the characters of a name around it are read.

    DB_PASSWORD   password2   secret_key_base   "client.secret"   API Key
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.named.name import Name
from telemetry.scrubbing.named.parameters import PARAMETERS
from telemetry.scrubbing.names import is_secret
from telemetry.scrubbing.work import CANDIDATE, Work

FORWARDS = re.compile(r"(?:[\w.]|-(?!>)){0,40}+")
BACKWARDS = re.compile(r"[\w.-]{1,65}+")
EARLIER_WORD = re.compile(r" (?P<word>(?i:ed tom)|[A-Za-z]{2,20}+)(?![\w-])")  # read backwards
SECOND_WORDS = frozenset({"key", "keys", "token", "phrase", "code", "pass", "passe", "rekey"})


def names_at(text: str, ends: list[int], work: Work) -> Iterator[Name]:
    """The names of secrets, and the parameters that may hold one, whose last word ends at these places."""
    backwards = text[::-1] if ends else ""
    length, last_end = len(text), 0
    for last_word_end in ends:
        if last_word_end <= last_end:
            continue
        work.take(CANDIDATE)
        forwards = FORWARDS.match(text, last_word_end)
        last_end = forwards.end() if forwards else last_word_end
        before = BACKWARDS.match(backwards, length - last_end)
        if before is None:
            continue
        start = length - before.end()
        if text[start] in "nrt" and text[start - 1 : start] == "\\":
            start += 1  # the first letter is that of `\n`
        written = text[start:last_end]
        if text[start - 1 : start] == " " and written.lower() in SECOND_WORDS:
            name = of_two_words(written, start, last_end, backwards)
            if name:
                yield name
        elif is_secret(written):
            yield Name(written, start, last_end, backwards, length - start, is_secret=True)
        elif collection := collection_in(written):
            yield Name(collection, start, start + len(collection), backwards, length - start, is_secret=True)
        elif written.lstrip("._-").lower() in PARAMETERS:
            yield Name(written, start, last_end, backwards, length - start, is_secret=False)


def collection_in(written: str) -> str:
    """The name of a collection of secrets before that of a method, as in `passwords.put`; "" for none."""
    collection, _, method = written.rpartition(".")
    return collection if method and collection[-1:] in {"s", "S"} and is_secret(collection) else ""


def of_two_words(written: str, start: int, end: int, backwards: str) -> Name | None:
    """The name together with the word before it: `API Key` is that of a secret, and `unexpected token` of none."""
    earlier = EARLIER_WORD.match(backwards, len(backwards) - start)
    name = f"{earlier['word'][::-1]} {written}" if earlier else written
    is_of_secret = is_secret(name)
    if not is_of_secret and written.lower() not in PARAMETERS:
        return None
    if is_of_secret:
        start = end - len(name)
    return Name(
        name if is_of_secret else written, start, end, backwards, len(backwards) - start, is_of_secret
    )
