"""
The registry of the rules over windows: each module of the package that has a SIGNAL is one; no list names them.

A rule reads a window as a whole (`find`), or the failures that it finds are those of whole runs of agents, which are
found at ingest (RUN_RULE: its module in telemetry/agent_runs). No record carries the fingerprint of what a rule finds.
A fix is therefore verified by visits or by durations, as COMPARES says. A visit is a trace that ran the operation,
failing or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import WindowTraces
from diagnosis.detection.sampled_run import SampledRun
from diagnosis.window.cluster_counts import Target
from telemetry.discovery import PartsMissing, find_modules, require_parts
from telemetry.signals.registry import EVAL_PARTS, EvalParts
from telemetry.windows import Window

PARTS = ("SIGNAL", "ABOUT", "COMPARES", *EVAL_PARTS, "find|RUN_RULE")
COMPARABLE = ("visits", "durations")  # what a verification can compare of the windows before and after a fix


class SignalRule(EvalParts, Protocol):
    """The interface of a rule's module."""

    __name__: str
    __doc__: str | None  # names the source of the rule
    COMPARES: str  # what a verification compares before and after a fix: "visits" or "durations"
    FINDS_RISES: bool  # optional: it finds only what rose against the window before


class OverWindow(SignalRule, Protocol):
    """A rule that reads the window itself."""

    def find(self, window: Window, traces: WindowTraces) -> list[Cluster]:
        """The clusters that the rule finds in the bound project's window; `traces`: of it, shared by all rules."""


class ByVisits(OverWindow, Protocol):
    """A rule that reads the window itself, and whose fixes are verified by visits."""

    VERIFIED: int  # traces up to which a verification reads all; of more, as many or half of them

    def visits(self, window: Window, target: Target) -> Iterator[SampledRun]:
        """The sampled traces that ran the target's operations, each with its failure, if it has one."""


class ByDurations(OverWindow, Protocol):
    """A rule whose fixes are verified by durations."""

    def stated_limit_ms(self, message: str) -> float | None:
        """The own time above which a record is slow, by the message of an issue; None if that says none."""

    def is_of_calls(self, message: str) -> bool | None:
        """Whether the message is about calls on their way, not the operation's own time; None if it says neither."""


class RuleRegistry:
    """The rules of a package, by signal."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "SIGNAL")
        require_parts(modules, PARTS)
        require_parts(
            (m for m in modules if m.COMPARES == "visits" and hasattr(m, "find")), ("visits", "VERIFIED")
        )
        require_parts((m for m in modules if m.COMPARES == "durations"), ("stated_limit_ms", "is_of_calls"))
        for module in modules:
            if module.COMPARES not in COMPARABLE:
                raise PartsMissing(f"{module.__name__} must say in COMPARES one of {', '.join(COMPARABLE)}")
        rules = [cast(SignalRule, module) for module in modules]
        self.rules = {rule.SIGNAL: rule for rule in sorted(rules, key=lambda rule: rule.SIGNAL)}
        self.signals = tuple(self.rules)
        self.over_window = [cast(OverWindow, rule) for rule in self.rules.values() if hasattr(rule, "find")]
        self.over_runs = frozenset(rule.SIGNAL for rule in self.rules.values() if hasattr(rule, "RUN_RULE"))
        self.by_visits = frozenset(rule.SIGNAL for rule in self.rules.values() if rule.COMPARES == "visits")
        # Rules that find only what rose, so that its rising is no news.
        self.of_rises = frozenset(
            rule.SIGNAL for rule in self.rules.values() if getattr(rule, "FINDS_RISES", False)
        )
        self.by_durations = frozenset(
            rule.SIGNAL for rule in self.rules.values() if rule.COMPARES == "durations"
        )
