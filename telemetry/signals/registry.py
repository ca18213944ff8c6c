"""The signals of records, found by looking: each file of the package that has a SIGNAL is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, cast

from telemetry.discovery import find_modules, in_chain, require_parts
from telemetry.spans.form import once_a_form
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

# In which order rules are asked, whichever signal they are of: what the client marked as failed, what the work gave
# back, what users say, what the work was told of earlier work. Within a stage the order is that of the signals.
MARKED, GIVEN_BACK, RATED, TOLD = 1, 2, 3, 4
UNITS = ("tool_call", "llm_call", "")  # of work; "" stands for every other

# How an eval is decided: by a function, or not by a program at all, with the reason.
EVAL_PARTS = ("EXPECTATION", "RESULT_FORM", "FIX_CATEGORY", "IN_OUTPUT", "eval_problem|NO_EVAL_CHECK")
PARTS = ("SIGNAL", "AFTER", "ABOUT", "INGEST_RULES", "IS_SOFT", "CAUSE", "IN_ANY_OPERATION", *EVAL_PARTS)

Rule = Callable[[Span, Meaning], Failure | None]
Reread = Callable[[Failure, Span, Meaning], Failure]


def of_any_form(span: Span) -> bool:
    """The form of a span that a rule may find something in: any."""
    return True


class IngestRule(NamedTuple):
    """A rule at ingest."""

    stage: int
    unit: str  # of UNITS
    rule: Rule
    # Whether the rule may find something in a span without events, by its scope and the names of its attributes alone.
    concerns: Callable[[Span], bool] = of_any_form


class EvalParts(Protocol):
    """The parts of a signal, of records or of windows, that evals and patch plans use."""

    SIGNAL: str
    ABOUT: str  # when it is found: the row in docs/diagnosis.md
    EXPECTATION: str  # of an eval, in one sentence
    RESULT_FORM: str  # what the result of a repeated call must have, so that the expectation can be checked
    FIX_CATEGORY: str  # where a change would act; "" where message and unit of work decide
    IN_OUTPUT: str  # where a text shows the failure: "error" by a rule, "judged" by a judge, "" not at all
    NO_EVAL_CHECK: str  # why no program can check it, in place of `eval_problem`

    def eval_problem(self, case: dict[str, Any], result: Any, seconds: float) -> str:
        """
        The problem of the result of a repeated call; "" if it does not show the failure.

        Its source is copied into pytest files, with the functions and constants that it names: standard library only.
        """


class RecordSignal(EvalParts, Protocol):
    """The parts of a signal's module."""

    __name__: str
    AFTER: str  # the signal before it in every list; "" for the first
    INGEST_RULES: tuple[IngestRule, ...]
    IS_SOFT: bool  # the spans around it do not fail because of it
    CAUSE: str  # what its cause is made of: a key of CAUSES in telemetry/grouping/cause.py
    IN_ANY_OPERATION: bool  # one cause can be in several operations; else the operation is part of it
    REREAD: dict[str, Reread]  # optional: failures of a unit that may turn out to be this one


class SignalRegistry:
    """The signals of a package, in the order in which they are listed."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "SIGNAL")
        require_parts(modules, PARTS)
        ordered = [cast(RecordSignal, module) for module in in_chain(modules, "SIGNAL")]
        self.signals = {signal.SIGNAL: signal for signal in ordered}
        self.types = tuple(self.signals)
        self.soft = frozenset(signal.SIGNAL for signal in ordered if signal.IS_SOFT)
        self.rules = {unit: tuple(each.rule for each in rules_of(unit, ordered)) for unit in UNITS}
        self.later_rules = {unit: rules_of(unit, ordered, after=MARKED) for unit in UNITS}
        self.unmarked_rules = once_a_form(self.concerning)
        self.reread = {
            unit: reread for signal in ordered for unit, reread in getattr(signal, "REREAD", {}).items()
        }

    def concerning(self, span: Span) -> dict[str, tuple[Rule, ...]]:
        """The rules by unit of work that may find a failure in spans of this form that no client marked as one."""
        return {
            unit: tuple(each.rule for each in rules if each.concerns(span))
            for unit, rules in self.later_rules.items()
        }


def rules_of(unit: str, ordered: Iterable[RecordSignal], after: int = 0) -> tuple[IngestRule, ...]:
    """
    The rules for a unit of work, of later stages than that one, in the order in which they are asked.

    One that several signals share is asked once.
    """
    detections = [
        detection
        for signal in ordered
        for detection in signal.INGEST_RULES
        if detection.unit == unit and detection.stage > after
    ]
    in_turn = sorted(detections, key=lambda detection: detection.stage)
    return tuple({detection.rule: detection for detection in in_turn}.values())
