"""The trend of a stored issue in words, as documents and pages show it. Issues of earlier versions have fewer facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def trend_in_words(issue: Mapping[str, Any]) -> str:
    """`new`, or `unclear: The operation did not run in the window before ...`; "" if the issue has none."""
    return ": ".join(text for text in (issue.get("trend"), issue.get("trend_reason")) if text)


def since_in_words(quiet: Mapping[str, Any] | None) -> str:
    """`quiet_since` as `quiet. The last failure was at ...` or `no sign that it stopped. ...`; "" for None."""
    if not quiet:
        return ""
    return f"{'quiet' if quiet['is_quiet'] else 'no sign that it stopped'}. {quiet['reason']}"
