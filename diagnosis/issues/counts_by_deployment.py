"""
How the failures of a cluster, and the records of its operations, are spread over environments and over releases.

Lists are bounded: the largest come first, and what is left out is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.display.exact_text import code
from diagnosis.window.deployments import Deployment

MOST = 8  # environments, and releases, that an issue names
UNNAMED = "not named"


@dataclass(frozen=True, slots=True)
class CountsByDeployment:
    """The counts of a cluster by deployment."""

    failures: Mapping[Deployment, int]
    exposure: Mapping[Deployment, int] | None  # records of its operations; None if they were not counted

    def shown(self, first: Collection[str] = ()) -> dict[str, Any]:
        """The lists as the packet shows them. `first`: environments that are named before larger ones."""
        environments = self.rows("environment")
        environments.sort(
            key=lambda row: row["environment"] not in first
        )  # stable: the largest of each part first
        return bounded_list("environment", environments) | bounded_list("release", self.rows("release"))

    def failures_by_environment(self) -> Counter[str]:
        """The failures of each environment; "" stands for records that name none."""
        return summed("environment", self.failures.items())

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Failures and exposure of each environment or each release, the one with most failures first."""
        failures = summed(name, self.failures.items())
        exposure = summed(name, (self.exposure or {}).items())
        rows = [
            {
                name: value or None,
                "failures": failures[value],
                # An operation can fail in another place than those that were counted only in a damaged store.
                "exposure": max(exposure[value], failures[value]) if self.exposure is not None else None,
            }
            for value in failures.keys() | exposure.keys()
        ]
        return sorted(rows, key=lambda row: (-row["failures"], -(row["exposure"] or 0), row[name] or ""))


def summed(name: str, counts: Iterable[tuple[Deployment, int]]) -> Counter[str]:
    """The counts by that field of the deployment."""
    sums: Counter[str] = Counter()
    for deployment, number in counts:
        sums[getattr(deployment, name)] += number
    return sums


def bounded_list(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """`environments` or `releases` with the first MOST rows, and the counts of the others."""
    further = rows[MOST:]
    counted = [row["exposure"] for row in further if row["exposure"] is not None]
    return {
        f"{name}s": rows[:MOST],
        f"further_{name}s": {
            "number": len(further),
            "failures": sum(row["failures"] for row in further),
            "exposure": sum(counted) if len(counted) == len(further) else None,
        },
    }


def deployment_lines(issue: Mapping[str, Any]) -> list[str]:
    """The lines of a document on the issue that name its environments and its releases, where records name any."""
    texts = {name: deployments_in_words(issue, name) for name in ("environment", "release")}
    return [f"- failures by {name}: {text}" for name, text in texts.items() if text]


def deployments_in_words(issue: Mapping[str, Any], name: str) -> str:
    """`` `staging` 40 of 400, `production` 1 of 300 ``, for Markdown; "" if no record names one, or it is not known."""
    return ", ".join(
        f"{code(value) if value else words} {counts}" for value, words, counts in named_counts(issue, name)
    )


def named_counts(issue: Mapping[str, Any], name: str) -> list[tuple[str, str, str]]:
    """
    The counts of a stored issue by `environment` or `release`; none if no record names one, or it is not known.

    Returns: of each its name, words where it has none, and the counts in words; what the list leaves out comes last.
    """
    rows = issue.get(f"{name}s") or []
    if not any(row[name] for row in rows):
        return []
    further = issue[f"further_{name}s"]
    rest = [("", f"{further['number']:,} more", counts_in_words(further))] if further["number"] else []
    return [*((row[name] or "", UNNAMED, counts_in_words(row)) for row in rows), *rest]


def counts_in_words(row: Mapping[str, Any]) -> str:
    """`40 of 400`, or `40` where the exposure was not counted."""
    of = f" of {row['exposure']:,}" if row["exposure"] is not None else ""
    return f"{row['failures']:,}{of}"
