"""The fixes of a loop that shipped before its approval, as lines of the handoff in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from diagnosis.display import exact_text
from diagnosis.display.quantities import counted, to_the_minute
from diagnosis.verification import by_environment, reasons


def lines(fixes: Iterable[dict[str, Any]]) -> list[str]:
    """The section with a line for each fix; no line without any. Names of releases are quoted."""
    entries = [fix_line(fix) for fix in fixes]
    return ["## Fixes that shipped before", *entries, ""] if entries else []


def fix_line(fix: dict[str, Any]) -> str:
    """`- attempt 1 in `1.1.0`, shipped at ...; held since ...; back at ... in `1.3.0` (9 failures)`"""
    parts = [
        f"- attempt {fix['attempt']}{in_release(fix['release'])}, shipped at {to_the_minute(fix['shipped_at'])}"
    ]
    if before := fix["before"]:
        parts.append(f"before it {reasons.counts_in_words({'counted': reasons.FAILURES} | before)}")
    if fix["held_at"]:
        parts.append(f"it held at {to_the_minute(fix['held_at'])}")
    if fix["back"]:
        parts.append(back_sentence(fix["back"]))
    elif fix["verdict"]:
        parts.append(f"verdict {fix['verdict']}")
    if environments := by_environment.named_counts(fix):
        parts.append(f"failures by environment: {', '.join(map(environment_counts, environments))}")
    if linked := fix.get("side_effects"):
        parts.append(f"other failures that came with it: {', '.join(map(exact_text.code, linked))}")
    return "; ".join(parts)


def environment_counts(named: tuple[str, str, str]) -> str:
    """`` `staging` (3 of 40 before, 0 of 30 since) ``"""
    name, words, counts = named
    return f"{exact_text.code(name) if name else words} ({counts})"


def back_sentence(back: dict[str, Any]) -> str:
    """`the failure was back at ..., first in `1.3.0` (9 failures)`"""
    failing = [
        f"{counted(row['failures'], 'failure')}{in_release(row['release'])}" for row in back["releases"]
    ]
    where = f", first seen first: {', '.join(failing)}" if failing else ""
    return f"the failure was back at {to_the_minute(back['at'])}{where}"


def in_release(name: str | None) -> str:
    """` in `1.1.0``; "" if there is no name."""
    return f" in {exact_text.code(name)}" if name else ""
