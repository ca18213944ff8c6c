"""
The places where the name of a secret may end, found in one pass over the text.

The rules beside this file look only there: at every `=`, `:` and `<` of a text they would take many times as long. The
endings are those of names.py in their three spellings, and more is found than is a name: the rules ask `is_secret`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from operator import itemgetter

from ahocorasick_rs import AhoCorasick, Implementation
from django.conf import settings

from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.names import ENDINGS, FOREIGN, RUN_TOGETHER, split_words

# Endings of the names of parameters.py; `code` is one in a URL alone.
PARAMETERS = (
    "sig",
    "Sig",
    "signature",
    "KeyId",
    "auth",
    "?code",
    "&code",
    "connect.sid",
    "sessionid",
    "sessid",
    "mnemonic",
)
# `client-key-data` ends in `key` and a suffix.
LAST_WORDS = {
    *(ending.split()[-1] for ending in ENDINGS if ending != "key data"), *RUN_TOGETHER, *FOREIGN, "passe", *PARAMETERS,
}  # fmt: skip
SHORT = 3  # letters of a word that is searched for from its first letter on
# What may stand between the last word of a name and its end, and the first character of what may follow.
ENDS_HERE = re.compile(r"(?:[\w.]|-(?!>)){0,40}+[=: \t\r\n>\\\"'`\])|*,;<\-?+[]")

end_of = itemgetter(2)


def name_ends(text: str, area: Area) -> list[int]:
    """Where in the area the last word of such a name ends, in order, before what may follow a name."""
    ends = dict.fromkeys(map(end_of, finder(tuple(settings.LOOPKIT_SCRUB_KEYS))(text)))
    return [end for end in ends if (area is None or area[end]) and ENDS_HERE.match(text, end)]


@cache
def finder(added_names: tuple[str, ...]) -> Callable[[str], list[tuple[int, int, int]]]:
    """The search for the last words of names, also of those that the operator added."""
    words = LAST_WORDS | {words[-1] for words in map(split_words, added_names) if words}
    spelled = {spelling for word in words for spelling in spellings(word)}
    needed = sorted(
        each for each in spelled if not any(each[start:] in spelled for start in range(1, len(each)))
    )
    return partial(
        AhoCorasick(needed, implementation=Implementation.DFA).find_matches_as_indexes, overlapping=True
    )


def spellings(word: str) -> set[str]:
    """The word in small letters, with a capital, and in capitals; for a long one, what the first two have in common."""
    common = {word, word.capitalize()} if len(word) <= SHORT else {word[1:]}
    return {*common, word.upper()}
