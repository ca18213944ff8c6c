"""The signals of records, found by looking: each file of the package that has a SIGNAL is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from telemetry.plugins import find_modules, in_chain, require_parts

# How an eval is decided: by a function, or not by a program at all, with the reason.
EVAL_PARTS = ("EXPECTATION", "FIX_CATEGORY", "IN_OUTPUT", "eval_problem|NO_EVAL_CHECK")
PARTS = ("SIGNAL", "AFTER", "ABOUT", *EVAL_PARTS)


class EvalParts(Protocol):
    """What a signal offers to evals and patch plans, whether a record or a window shows it."""

    SIGNAL: str
    ABOUT: str  # when it is found, as docs/diagnosis.md says it
    EXPECTATION: str  # of an eval, in one sentence
    FIX_CATEGORY: str  # where a change would act; "" where message and unit of work decide
    IN_OUTPUT: str  # where a text shows the failure: "error" by a rule, "judged" by a judge, "" not at all
    NO_EVAL_CHECK: str  # why no program can check it, in place of `eval_problem`

    def eval_problem(self, case: dict[str, Any], result: Any, seconds: float) -> str:
        """
        What is wrong with a result of the call that is made again; "" when the failure is not there.

        Its source is copied into pytest files, with the functions and constants that it names: standard library only.
        """


class RecordSignal(EvalParts, Protocol):
    """What each signal's file offers."""

    __name__: str
    AFTER: str  # the signal before it in every list; "" for the first


class Registry:
    """The signals of a package, in the order in which they are listed."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "SIGNAL")
        require_parts(modules, PARTS)
        ordered = [cast(RecordSignal, module) for module in in_chain(modules, "SIGNAL")]
        self.signals = {signal.SIGNAL: signal for signal in ordered}
        self.types = tuple(self.signals)
