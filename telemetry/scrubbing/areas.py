"""Which part of a text is looked at, and when a text is so dense that nothing of it is kept."""

from __future__ import annotations

from bisect import bisect_right

Range = tuple[int, int]  # where it begins, and where it ends
Area = list[Range]  # in order and disjoint; a candidate that begins in one of them is looked at

MOST_SECRETS = 8  # in a short text
FEWEST_BETWEEN = 48  # characters for each further one: the lines of a log and the rows of a table have more
MOST_NAMES = 64  # of secrets that something is assigned to, in a short text
FEWEST_BETWEEN_NAMES = 32


def everywhere(text: str) -> Area:
    """The whole text, with its end."""
    return [(0, len(text) + 1)]


def contains(area: Area, place: int) -> bool:
    """Whether the place is in the area."""
    index = bisect_right(area, (place, len(area) and area[-1][1])) - 1
    return index >= 0 and place < area[index][1]


def most_secrets(text: str) -> int:
    """
    How many secrets a text may have; one with more is redacted as a whole.

    Nobody wrote such a text, and to look at each of them would take many times as long as to read another text.
    """
    return MOST_SECRETS + len(text) // FEWEST_BETWEEN


def most_names(text: str) -> int:
    """How many assignments to names of secrets a text may have, secrets or not; with more it is redacted as a whole."""
    return MOST_NAMES + len(text) // FEWEST_BETWEEN_NAMES
