"""
The places where the name of a secret may end, found in one pass over the text.

The rules beside this file look only there: at every `=`, `:` and `<` of a text they would take many times as long. The
endings are those of names.py in their three spellings, and more is found than is a name: the rules ask `is_secret`.
"""

from __future__ import annotations

import re
from functools import cache, partial
from operator import itemgetter

from ahocorasick_rs import AhoCorasick, Implementation
from django.conf import settings

from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.names import ENDINGS, FOREIGN, RUN_TOGETHER, split_words
from telemetry.scrubbing.work import CANDIDATE, Find, Work

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
    "SAMLResponse",
)
# `client-key-data` ends in `key` and a suffix.
LAST_WORDS = {
    *(ending.split()[-1] for ending in ENDINGS if ending != "key data"), *RUN_TOGETHER, *FOREIGN, "passe", *PARAMETERS,
}  # fmt: skip
SHORT = 3  # letters of a word that is searched for from its first letter on
# The member behind the token of a model's answer or of a tokeniser, as in OpenAI's `logprobs`, Gemini's
# `logprobsResult` and Hugging Face's `details`: https://platform.openai.com/docs/api-reference/chat/object,
# https://ai.google.dev/api/generate-content#LogprobsResult
NEXT_MEMBER = (
    r"\\{0,15}[\"']\s{0,8},\s{0,8}\\{0,15}[\"']"
    r"(?i:log_?prob(?:s|ability)?|prob(?:ability)?|bytes|(?:token_?)?id|score|rank|logit|start|end|offset)[\"'\\]"
)
# A short token with such a member, which behind.py keeps, ends no name: an answer has thousands.
PROBABILITY = (
    r"(?!(?<=[\"']token)\\{0,15}[\"']\s{0,8}:\s{0,8}\\{0,15}[\"'][^\"'\\]{0,15}+" + NEXT_MEMBER + ")"
)
# Names of numbers and lists, of which a model's answer has as many: `tokenId`, `tokens`, `token_count`.
NOT_NUMBERED = r"(?!(?<=oken)(?:_?[Ii]ds?|s|_?[Cc]ounts?)\b)"
BEGINS_CALL = (
    r"\((?=[\w., ]{0,40}+(?:\([\w., ]{0,40}+){0,2}\\{0,15}[\"'`])"  # a call with a text, perhaps in others
)
MAY_FOLLOW = "=: \t\r\n>\\\"'`])|*,;<-?+["  # the first characters of what may follow a name
# What may stand between the last word of a name and its end, and what follows.
ENDS_HERE = re.compile(
    PROBABILITY + NOT_NUMBERED + rf"(?:[\w.]|-(?!>)){{0,40}}+(?:[{re.escape(MAY_FOLLOW)}]|{BEGINS_CALL})"
)
# A word of a sentence, as glue.py knows it, and neither a type nor `as` before one.
BEFORE_TYPE = r"(?!as |(?:string|any|text|n?(?:var)?char2?) :?=)"
PLAIN_WORD = re.compile(rf"(?:[\w.]|-(?!>)){{0,40}}+ {BEFORE_TYPE}[^\W\d_A-Z]{{1,13}}[ \t\r\n.,;!?)]")
LONGEST_NAME = 70  # characters
HIT = 6  # steps to look behind it

end_of = itemgetter(2)


def word_ends(text: str, area: Area, work: Work) -> list[int]:
    """Where the last word of such a name ends, of those that begin in the area, in order. Raises Spent."""
    hits = work.hits(finder(tuple(settings.LOOPKIT_SCRUB_KEYS)), text, area, HIT)
    return list(dict.fromkeys(map(end_of, hits)))


def name_ends(text: str, ends: list[int], work: Work) -> list[int]:
    """Those ends of words that stand before what may follow a name. Raises Spent."""
    found = [end for end in ends if ENDS_HERE.match(text, end)]
    work.take(CANDIDATE // 10 * (len(ends) - len(found)))  # those within a longer word were read to its end
    work.take(CANDIDATE // 2 * len(found))
    return [end for end in found if not is_in_sentence(text, end)]


def is_in_sentence(text: str, end: int) -> bool:
    """Whether a plain word follows, as in most sentences; behind an option, and in a tag, it may belong to the name."""
    if not PLAIN_WORD.match(text, end):
        return False
    before = text[max(0, end - LONGEST_NAME) : end].rpartition(" ")[2]
    return "-" not in before and "<" not in before


@cache
def finder(added_names: tuple[str, ...]) -> Find:
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
