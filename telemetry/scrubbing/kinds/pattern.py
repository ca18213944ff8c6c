"""
The expressions that find the secrets of a kind where one of its anchors stands.

Repetition is bounded and possessive, so a pattern reads each character once. `in_text` is exact; `on_wire` may find too
much, never too little: in serialized spans a secret may stand beside a letter that is the length or the tag of a field.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from telemetry.scrubbing.kinds.kind import ALPHABETS, Run, SecretKind

# No letter, digit or underscore before it, unless that ends an escape, as in `\nghp_...`, `%3Dghp_...`, or a colour.
NEW_WORD = (
    r"(?:(?<![A-Za-z0-9_{more}])|(?<=\\[nrtbfv])|(?<=[0-9A-Fa-f])(?:(?<=%[0-9A-Fa-f]{{2}})|(?<=\\x[0-9A-Fa-f]{{2}})"
    r"|(?<=\\u[0-9A-Fa-f]{{4}}))|(?<=m)(?:(?<=\[[0-9]m)|(?<=\[[0-9]{{2}}m)))"
)
HYPHENATED = ("base64url", "padded")
ON_WIRE = 64  # characters that are checked in serialized spans
SEPARATED = (
    "base64url",
    "padded",
    "dotted",
    "word",
    "path",
    "loose",
    "escaped",
    "phc",
    "uuid",
    "anyurl",
    "django",
)
SURE = 24  # letters and digits without a separator


class AnchorPattern(NamedTuple):
    """What stands behind one anchor of a kind, and before it."""

    before: str
    behind: str
    in_text: re.Pattern[str]
    on_wire: bytes
    head: re.Pattern[str] | None  # of the reversed text before the anchor
    head_length: int
    is_checked: bool  # whether what matches must look random, too


def pattern_of(kind: SecretKind, anchor: str) -> AnchorPattern:
    """The pattern of one anchor of the kind."""
    runs = [part for part in kind.tail if isinstance(part, Run)]
    tail = "".join(written(part) for part in kind.tail)
    last = kind.tail[-1] if kind.tail else ""
    if isinstance(last, Run) and last.shortest == last.longest:
        tail += f"(?![{ALPHABETS[last.alphabet]}])"
    before = "" if kind.head or not (anchor[0].isalnum() or anchor[0] == "_") else new_word(runs)
    return AnchorPattern(
        before,
        re.escape(anchor) + tail,
        re.compile(before + re.escape(anchor) + tail, re.ASCII),
        (re.escape(anchor) + beginning(kind.tail)).encode(),
        re.compile(written(kind.head)) if kind.head else None,
        kind.head.longest if kind.head else 0,
        not kind.head and any(is_doubtful(run, len(kind.tail) == 1) for run in runs),
    )


def is_doubtful(run: Run, is_alone: bool) -> bool:
    """Whether words could be such a run: joined by separators, or few letters in any number and nothing behind."""
    return run.alphabet in SEPARATED or (is_alone and run.shortest < min(SURE, run.longest))


def new_word(runs: list[Run]) -> str:
    """The condition on what precedes an anchor: a hyphen neither, where the secret itself has hyphens."""
    return NEW_WORD.format(more=r"\-" if runs and runs[0].alphabet in HYPHENATED else "")


def written(part: Run | str) -> str:
    """The expression of one part."""
    if isinstance(part, str):
        return re.escape(part)
    return f"[{ALPHABETS[part.alphabet]}]{{{part.shortest},{part.longest}}}+"


def beginning(tail: tuple[Run | str, ...]) -> str:
    """The expression of the beginning of a tail: its first run, as far as ON_WIRE."""
    if not tail or isinstance(tail[0], str):
        return ""
    return f"[{ALPHABETS[tail[0].alphabet]}]{{{min(tail[0].shortest, ON_WIRE)}}}"
