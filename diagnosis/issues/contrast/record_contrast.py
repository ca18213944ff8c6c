"""
The contrast of an issue: its first failure beside a healthy record of the operation, with what differs.

What the failure itself wrote is left out, as are times and ids, which differ between any two records; `left_out` counts
what does not fit. Values that the strongest hint names come first, then what describes the deployment, then the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnosis.display.differences import unlike_values
from diagnosis.display.readable import plain_text
from diagnosis.issues.hints.facts import is_effect

MOST = 6  # differences
LONGEST = 80  # characters of a value, and of a name
# Of what a record says of itself, the outcome and who it was for differ between any failing and any healthy record.
OUTCOME = frozenset(
    {"outcome", "signal_type", "severity", "message", "status", "duration_ms", "session_id", "user_id"}
)
DEPLOYMENT = ("release", "environment", "model", "agent", "tool")
LATER = ("input_tokens", "output_tokens", "name", "scope", "links")
ATTRIBUTES = ("attributes.", "resource.attributes.", "scope.attributes.")


def contrast(failing: Mapping[str, Any], healthy: Mapping[str, Any], hinted: Iterable[str]) -> dict[str, Any]:
    """
    The contrast as the packet shows it.

    Args:
        hinted: the names of the attributes that the hints of the issue name.
    """
    first = frozenset(hinted)
    unlike = {
        name: values for name, values in unlike_values(failing, healthy).items() if not is_of_failure(name)
    }
    names = sorted(unlike, key=lambda name: rank(name, first))  # stable: equal ones in the record's order
    return {
        "failing_id": failing["record_id"],
        "healthy_id": healthy["record_id"],
        "differences": [difference(name, *unlike[name]) for name in names[:MOST]],
        "left_out": max(0, len(names) - MOST),
    }


def is_of_failure(name: str) -> bool:
    """Whether the value tells of the failure itself: its outcome, its events, or an attribute that describes it."""
    attribute = attribute_name(name)
    return name in OUTCOME or name.startswith(("events", "capture.output")) or is_effect(attribute)


def attribute_name(name: str) -> str:
    """The name of the attribute that a dotted name is of; the name itself if it is of none."""
    prefix = next((prefix for prefix in ATTRIBUTES if name.startswith(prefix)), "")
    return name.removeprefix(prefix)


def rank(name: str, hinted: frozenset[str]) -> int:
    """The place of a difference: hinted attributes, then the deployment, then the rest, then counts and scopes."""
    if attribute_name(name) in hinted:
        return 0
    if name in DEPLOYMENT:
        return 1
    return 3 if name.startswith(LATER) else 2


def difference(name: str, failing: Any, healthy: Any) -> dict[str, str | None]:
    """One value as both records have it, None where a record lacks it."""
    return {"name": short(name), "failing": short(failing), "healthy": short(healthy)}


def short(value: Any) -> str | None:
    """The value as a text of LONGEST characters at most."""
    if value is None:
        return None
    text = plain_text(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
