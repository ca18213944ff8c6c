"""
The project's page for one environment: its issues and loops whose failure was seen there, and links that keep it.

An issue was seen where its packet says so, or in an earlier packet, as in the approval queue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from diagnosis.issues.counts_by_deployment import UNNAMED
from diagnosis.models import LoopEnvironment
from tenants.models import Project

NAME = "environment"  # of the parameter
MOST_NAMES = 50  # environments to choose from
MOST_OF_LOOP = 3  # environments that the row of a loop names
NamedCounts = list[tuple[str, str, str]]


def chosen(query: Mapping[str, str]) -> str:
    """The environment that the query asks for; "" for all. No stored name has the null character."""
    return query.get(NAME, "").replace("\0", "\N{REPLACEMENT CHARACTER}")


def kept(environment: str) -> str:
    """`&environment=staging`, for links that keep the choice; "" for all environments."""
    return f"&{urlencode({NAME: environment})}" if environment else ""


def environment_names(project: Project) -> list[str]:
    """The environments in which failures of the project's loops were seen, the first MOST_NAMES by name."""
    rows = (
        LoopEnvironment.objects.filter(loop__project=project).exclude(environment="").order_by("environment")
    )
    return list(rows.values_list("environment", flat=True).distinct()[:MOST_NAMES])


def issues_in(issues: list[dict[str, Any]], environment: str) -> list[dict[str, Any]]:
    """The issues that were seen in the environment; all of them for ""."""
    if not environment:
        return issues
    seen = set(
        LoopEnvironment.objects.filter(
            loop__in=[issue["loop_id"] for issue in issues if issue["loop_id"]], environment=environment
        ).values_list("loop", flat=True)
    )
    return [issue for issue in issues if issue["loop_id"] in seen or environment in named_in(issue)]


def named_in(issue: Mapping[str, Any]) -> set[str | None]:
    """The environments that the packet names of the issue; none in packets of earlier versions."""
    return {row["environment"] for row in issue.get("environments") or []}


def with_counts(loops: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The loops with `named_counts`: where their failure was seen, most failures first, and how many more there are."""
    rows = list(loops)
    counts: dict[str, NamedCounts] = defaultdict(list)
    stored = LoopEnvironment.objects.filter(loop__in=[loop["loop_id"] for loop in rows])
    for row in stored.order_by("loop", "-failures", "environment"):
        counts[row.loop_id].append((row.environment, UNNAMED, f"{row.failures:,}"))
    return [loop | {"named_counts": bounded(counts[loop["loop_id"]])} for loop in rows]


def bounded(counts: NamedCounts) -> NamedCounts:
    """The first MOST_OF_LOOP, and how many are left out; none where no record names an environment."""
    if not any(name for name, _, _ in counts):
        return []
    further = counts[MOST_OF_LOOP:]
    return counts[:MOST_OF_LOOP] + ([("", "further environments", f"{len(further)}")] if further else [])
