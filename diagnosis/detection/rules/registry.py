"""
The rules over windows, found by looking: each file of this package that has a SIGNAL is one. A new rule is a new file.

A rule looks at a window as a whole (`find`), or at the runs of agents that all such rules share (`visits_in`,
agent_runs.py). No record carries the fingerprint of what it finds, so a fix is verified by visits: traces that ran the
operation, hurt or not, or by the durations of its records, as its COMPARES says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from diagnosis.detection.agent_calls import CallsByTrace, SampleBounds, SampledRun
from diagnosis.detection.found_cluster import Cluster
from diagnosis.window.cluster_counts import Target
from telemetry.plugins import find_modules, require_parts
from telemetry.signals.registry import EVAL_PARTS, EvalParts
from telemetry.windows import Window


class SignalRule(EvalParts, Protocol):
    """What each rule's file offers."""

    __name__: str
    __doc__: str | None  # says where the rule is from
    COMPARES: (
        str  # what a verification compares, of the window before and after a fix: "visits" or "durations"
    )


class OverWindow(SignalRule, Protocol):
    """A rule that reads the window itself."""

    def find(self, window: Window) -> list[Cluster]:
        """What it finds in the bound project's window."""


class ByVisits(OverWindow, Protocol):
    """The same, whose fixes are verified by visits."""

    def visits(self, window: Window, target: Target) -> Iterator[SampledRun]:
        """The traces that ran the target's operations, charged where they hurt."""


class OverRuns(SignalRule, Protocol):
    """A rule about the calls of single traces."""

    def visits_in(self, made: CallsByTrace, bounds: SampleBounds) -> Iterator[SampledRun]:
        """Each trace that was looked at, with each operation that it called, charged where it hurts."""


class RuleRegistry:
    """The rules of a package, by signal."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "SIGNAL")
        require_parts(modules, ("ABOUT", "COMPARES", *EVAL_PARTS, "find|visits_in"))
        known = [cast(SignalRule, module) for module in modules]
        self.rules = {rule.SIGNAL: rule for rule in sorted(known, key=lambda rule: rule.SIGNAL)}
        self.signals = tuple(self.rules)
        self.over_window = [cast(OverWindow, rule) for rule in self.rules.values() if hasattr(rule, "find")]
        self.over_runs = [cast(OverRuns, rule) for rule in self.rules.values() if hasattr(rule, "visits_in")]
        self.by_visits = frozenset(rule.SIGNAL for rule in self.rules.values() if rule.COMPARES == "visits")
        self.by_durations = frozenset(
            rule.SIGNAL for rule in self.rules.values() if rule.COMPARES == "durations"
        )
