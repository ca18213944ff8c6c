"""
The counts of a hint in words, from the hint as the packet shows it: templates that hold nothing from telemetry.

What all failures share is said so. Estimates from a sample say "about". Hints of earlier versions have counts of a
sample whose size is not known, so that only their direction is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from diagnosis.display.quantities import significant
from diagnosis.display.sentences import filled

ALL, SOME = "all <failures> failures have it", "<support> of <failures> failures have it"
ALL_READ = "all <failures_read> failures that were looked at have it, of <failures>"
SOME_READ = "about <support> of <failures> failures have it"
OTHERS, OTHERS_READ = (
    ", and <others> of <other_records> other records",
    ", and about <others> of <other_records> other records",
)
UNCOUNTED = "failures have it more often than healthy calls"
COUNTS = frozenset(
    {UNCOUNTED, *map("".join, product((ALL, SOME, ALL_READ, SOME_READ), (OTHERS, OTHERS_READ)))}
)


def counts(hint: Mapping[str, Any]) -> str:
    """`all 5 failures have it, and 0 of 85 other records`."""
    if "failures" not in hint:
        return UNCOUNTED
    support, failures = hint["support"], hint["failures"]
    facts = {
        "support": support,
        "failures": failures,
        "others": hint["records"] - support,
        "other_records": hint["operation_records"] - failures,
        "failures_read": (hint["sampled"] or {}).get("failures_read", failures),
    }
    return filled(template(hint), **{name: f"{number:,}" for name, number in facts.items()})


def template(hint: Mapping[str, Any]) -> str:
    """Which of COUNTS says what is known of the hint."""
    sampled, is_shared = hint["sampled"], hint["support"] == hint["failures"]
    if not sampled:
        return (ALL if is_shared else SOME) + OTHERS
    if sampled["failures_read"] == hint["failures"]:
        return (ALL if is_shared else SOME) + OTHERS_READ
    return (ALL_READ if is_shared else SOME_READ) + OTHERS_READ


def in_words(hint: Mapping[str, Any]) -> str:
    """`all 5 failures have it, and 0 of 85 other records; 18 times the failure rate of all`."""
    if "failures" not in hint:
        return UNCOUNTED
    low, high = hint["sampled"]["lift"] if hint["sampled"] else (hint["lift"], hint["lift"])
    times = significant(low) if low == high else f"{significant(low)} to {significant(high)}"
    return f"{counts(hint)}; {times} times the failure rate of all"
