"""Made-up secrets of each kind of the list, and texts that only nearly are one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.kind import ALPHABETS, Run, SecretKind
from telemetry.scrubbing.kinds.table import KINDS

ROWS = [(kind, anchor) for kind in KINDS for anchor in kind.anchors]
NAMES = [f"{kind.vendor} {anchor}" for kind, anchor in ROWS]


def made_up(kind: SecretKind, anchor: str, *, longest: bool = False, missing: int = 0) -> str:
    """A secret of the kind, always the same; `missing` characters are left out of its longest run."""
    chance = random.Random(f"{kind.vendor} {kind.name} {anchor} {longest}")
    runs = [part for part in (kind.head, *kind.tail) if isinstance(part, Run)]
    cut = max(runs, key=lambda run: run.shortest)
    parts: list[Run | str] = [*([kind.head] if kind.head else []), anchor, *kind.tail]
    return "".join(drawn(part, chance, missing if part is cut else 0, longest) for part in parts)


def drawn(part: Run | str, chance: random.Random, missing: int, longest: bool) -> str:
    """The text itself, or characters of the run's alphabet; the ends are letters or digits, as in all that is real."""
    if isinstance(part, str):
        return part
    characters = re.findall(f"[{ALPHABETS[part.alphabet]}]", "".join(map(chr, range(33, 127))))
    length = (min(part.longest, 300) if longest else part.shortest) - missing
    plain = [character for character in characters if character.isalnum()]
    return "".join(
        chance.choice(plain if place in {0, length - 1} else characters) for place in range(length)
    )


def words(length: int) -> str:
    """A name of this length, of words with hyphens between them."""
    return ("some-name-that-is-made-of-words-" * 12)[:length]


def wordy(kind: SecretKind, anchor: str) -> Iterator[str]:
    """The anchor with words behind it, where the kind's alphabet has letters and hyphens."""
    first = kind.tail[0] if kind.tail else None
    if isinstance(first, Run) and not kind.head and re.match(f"[{ALPHABETS[first.alphabet]}]+$", "a-b"):
        yield anchor + words(first.shortest).rstrip("-")
