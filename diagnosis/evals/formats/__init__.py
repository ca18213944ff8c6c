"""
The file formats of an eval candidate, each in one module of this package, which `registry` finds.

A format whose test could pass while the failure is still there is not offered for that signal, and says why.
"""

from __future__ import annotations

from typing import Any

from diagnosis.evals.formats.registry import EvalFormat, FormatRegistry

REGISTRY = FormatRegistry(__name__, __path__)
FORMATS = REGISTRY.formats
RUNNERS = ("pytest", "promptfoo")  # formats that a program runs, first the one that needs no judging model

NO_INPUT = (
    "No record of the evidence has an input: neither a captured call nor attributes of what was asked for."
)


def left_out(document: dict[str, Any]) -> dict[str, str]:
    """The formats that are not offered for this candidate, by name, each with the reason in a sentence."""
    cases = document.get("cases", [])
    is_replayable = any(case.get("replayable") for case in cases)
    reasons = {
        name: form.why_not(document.get("signal_type", ""), is_replayable) for name, form in FORMATS.items()
    }
    if all(case.get("input") is None for case in cases):
        reasons |= {name: reasons[name] or NO_INPUT for name in RUNNERS}
    return {name: reason for name, reason in reasons.items() if reason}


def can_run(signal_type: str, is_prompt: bool) -> bool:
    """Whether a program can run a case of that signal, given that a model or tool can be given its input as it is."""
    return any(not FORMATS[name].why_not(signal_type, is_replayable=is_prompt) for name in RUNNERS)


def offered_formats(document: dict[str, Any]) -> dict[str, EvalFormat]:
    """The formats that are offered for this candidate, by name."""
    refused = left_out(document)
    return {name: form for name, form in FORMATS.items() if name not in refused}


def runner_of(signal_type: str) -> str:
    """The name of the format in which an eval of that signal can be run; "" if there is none."""
    return next((name for name in RUNNERS if not FORMATS[name].why_not(signal_type, is_replayable=True)), "")
