"""
The counts of a verification by environment, before and after the fix.

They are the parts of the verdict's own numbers, which are over all environments. The list is bounded: production comes
first where an operator named it, then the largest, and what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from diagnosis.statistics.rates import Counts
from diagnosis.verification.baseline import ComparedWindow

MOST = 8  # environments that an answer names
UNNAMED = "not named"
ByEnvironment = Mapping[str, Counts]
NamedCounts = list[tuple[str, str, str]]


def shown(before: ComparedWindow, after: ComparedWindow, production: Collection[str]) -> dict[str, Any]:
    """
    `environments` and `further_environments` as API answers show them; both None if records were not counted.

    Args:
        production: environments that an operator named; empty: none is marked.
    """
    if after.environments is None:
        return {"environments": None, "further_environments": None}
    sides = {"before": before.environments, "after": after.environments}
    names = sorted(
        {name for counts in sides.values() for name in counts or {}},
        key=lambda name: (name not in production, *size(name, sides.values()), name),
    )
    return {
        "environments": [
            {
                "environment": name or None,
                "is_production": name in production if production else None,
                **{side: counts_of(counts, [name]) for side, counts in sides.items()},
            }
            for name in names[:MOST]
        ],
        "further_environments": {
            "number": len(names[MOST:]),
            **{side: counts_of(counts, names[MOST:]) for side, counts in sides.items()},
        },
    }


def size(name: str, sides: Iterable[ByEnvironment | None]) -> tuple[int, int]:
    """What the environments are sorted by: most failures first, then most records."""
    total = sum((side.get(name, Counts(0, 0)) for side in sides if side), Counts(0, 0))
    return -total.failures, -total.exposure


def counts_of(counts: ByEnvironment | None, names: Iterable[str]) -> dict[str, int] | None:
    """The failures and the exposure of these environments together; None if the side was not counted so."""
    if counts is None:
        return None
    total = sum((counts.get(name, Counts(0, 0)) for name in names), Counts(0, 0))
    return {"failures": total.failures, "exposure": total.exposure}


def named_counts(document: Mapping[str, Any], before: str = "before") -> NamedCounts:
    """
    The counts of a stored verification by environment; none if no record names one, or it is not known.

    Args:
        before: what the side before is called: what a fix that held is compared with is the window in which it did.

    Returns: of each its name, words where it has none, and the counts in words; what the list leaves out comes last.
    """
    rows = document.get("environments") or []
    if not any(row["environment"] for row in rows):
        return []
    further = document["further_environments"]
    rest = (
        [("", f"{further['number']:,} more", counts_in_words(further, before))] if further["number"] else []
    )
    return [*((row["environment"] or "", UNNAMED, counts_in_words(row, before)) for row in rows), *rest]


def counts_in_words(row: Mapping[str, Any], before: str) -> str:
    """`3 of 40 before, 0 of 30 since, production`; without the part before where that was not counted."""
    sides = ((before, row["before"]), ("since", row["after"]))
    parts = [f"{side['failures']:,} of {side['exposure']:,} {word}" for word, side in sides if side]
    return ", ".join([*parts, *(["production"] if row.get("is_production") else [])])
