"""
Text for benchmarks: 2,000 made words, the short ones frequent, drawn as often as words of a language are.

What compresses ten repeated words to nothing says little about real text; by Zipf's law a word's frequency falls
with its rank: https://en.wikipedia.org/wiki/Zipf%27s_law. Everything follows from seeds.
"""

from __future__ import annotations

import random
from itertools import accumulate

SIZE = 2000
ONSETS = [*"bcdfghjklmnprstvw", "br", "ch", "cl", "dr", "fl", "gr", "pl", "sh", "sl", "st", "th", "tr"]
VOWELS = [*"aeiouaeio", "ai", "ea", "ee", "ou"]
CODAS = ["", "", "", "", *"lmnrst", "nd", "ng", "st"]
SENTENCE_WORDS = (4, 18)


def made_words(size: int) -> list[str]:
    """Distinct words, on the whole longer the later they stand."""
    chance = random.Random("the vocabulary of the benchmarks")
    words: dict[str, None] = {}
    while len(words) < size:
        syllables = 1 + (len(words) > 60) + (len(words) > 900) * chance.randrange(2)
        parts = (chance.choice(ONSETS) + chance.choice(VOWELS) for _ in range(syllables))
        words["".join(parts) + chance.choice(CODAS)] = None
    return list(words)


WORDS = made_words(SIZE)
WEIGHTS = list(accumulate(1 / (rank + 2.7) for rank in range(SIZE)))


def text(chance: random.Random, characters: int) -> str:
    """Sentences of about that many characters."""
    words = chance.choices(WORDS, cum_weights=WEIGHTS, k=characters // 4)
    sentences: list[str] = []
    while characters > 0 and words:
        cut = chance.randint(*SENTENCE_WORDS)
        sentences.append(" ".join(words[:cut]).capitalize() + ".")
        words = words[cut:]
        characters -= len(sentences[-1]) + 1
    return " ".join(sentences)
