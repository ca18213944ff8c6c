"""
The versions of fingerprints side by side: what the rules of each do differently, as values that the steps look at.

Clusters are compared over weeks, so a project keeps its version until an operator switches it
(docs/diagnosis.md#versions). Rules that give another number for an old failure are a new version here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.utils import OperationalError

if TYPE_CHECKING:
    from tenants.models import Project


@dataclass(frozen=True, slots=True)
class Rules:
    """One version. Each field but the first two is a difference between versions."""

    version: int
    summary: str  # for operators: what is new
    skips_plumbing: bool  # stacks without files are told without the platform's functions (stacktrace.py)


FIRST = Rules(1, "The first rules.", skips_plumbing=False)
NEWEST = Rules(
    2,
    "Native stacks are told without the functions of graphics drivers, the dynamic loader, event loops and "
    "thread starts, so that one crash on two machines is one cluster.",
    skips_plumbing=True,
)
RULES = {rules.version: rules for rules in (FIRST, NEWEST)}


class UnknownVersion(OperationalError):
    """The project's fingerprints are of a version that only a newer LoopKit has. As passing as an outdated file."""


def of(project: Project) -> Rules:
    """The rules of the project's version."""
    return numbered(project.fingerprint_version)


def numbered(version: int) -> Rules:
    """The rules of that version."""
    try:
        return RULES[version]
    except KeyError:
        raise UnknownVersion(f"Fingerprints of version {version}: start the newer LoopKit again.") from None
