"""Failures that happened in traces that users rated down, and complaints about traces in which something failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from telemetry.signals.user_signal import SIGNAL

MOST = 10  # issues that one is linked with, those with most traces in common


@dataclass(frozen=True, slots=True)
class SharedTraces:
    """Another issue with traces of this one: of a complaint a failure, of a failure a complaint."""

    cluster_id: str
    signal_type: str
    traces: int  # that both have
    of_traces: int  # that the other issue has

    def shown(self) -> dict[str, Any]:
        """The form in which answers show it."""
        return {
            "cluster_id": self.cluster_id,
            "signal_type": self.signal_type,
            "traces": self.traces,
            "of_traces": self.of_traces,
        }


class IssueTraces(NamedTuple):
    """The traces of an issue; of a complaint those that users rated."""

    cluster_id: str
    signal_type: str
    trace_ids: Collection[bytes]


def has_complaints(signal_types: Collection[str]) -> bool:
    """Whether a user complained, so that the traces of the issues are worth comparing."""
    return SIGNAL in signal_types


def shared_traces(issues: Sequence[IssueTraces]) -> dict[str, tuple[SharedTraces, ...]]:
    """The complaints about traces of each failure, and the failures in traces of each complaint. Pure."""
    complaints = [issue for issue in issues if issue.signal_type == SIGNAL]
    rated = {issue.cluster_id: set(issue.trace_ids) for issue in complaints}
    any_rated = set().union(*rated.values())
    shared: dict[str, list[SharedTraces]] = {issue.cluster_id: [] for issue in issues}
    for failure in issues:
        hit = any_rated.intersection(failure.trace_ids) if failure.signal_type != SIGNAL else set()
        for complaint in complaints if hit else ():
            if number := len(hit & rated[complaint.cluster_id]):
                shared[failure.cluster_id].append(link_to(complaint, number))
                shared[complaint.cluster_id].append(link_to(failure, number))
    return {cluster_id: strongest(links) for cluster_id, links in shared.items()}


def link_to(issue: IssueTraces, number: int) -> SharedTraces:
    """A link to the issue, which has so many traces of the one that is linked."""
    return SharedTraces(issue.cluster_id, issue.signal_type, number, len(set(issue.trace_ids)))


def strongest(links: list[SharedTraces]) -> tuple[SharedTraces, ...]:
    """The links with most traces in common, MOST at most."""
    return tuple(sorted(links, key=lambda link: (-link.traces, link.cluster_id))[:MOST])
