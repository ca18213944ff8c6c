"""
The forms in which an eval candidate is given out: each is one file of this package, found by `registry`.

A form that could pass while the failure is there is not offered for that signal, and says why.
"""

from __future__ import annotations

from typing import Any

from diagnosis.evals.formats.registry import EvalFormat, Registry

REGISTRY = Registry(__name__, __path__)
FORMATS = REGISTRY.formats
RUNNERS = ("pytest", "promptfoo")  # the forms that a program runs, the one that needs no judge first


def left_out(document: dict[str, Any]) -> dict[str, str]:
    """The forms that are not offered of this candidate, each with the reason in a sentence."""
    reasons = {name: form.why_not(document.get("signal_type", "")) for name, form in FORMATS.items()}
    return {name: why for name, why in reasons.items() if why}


def offered(document: dict[str, Any]) -> dict[str, EvalFormat]:
    """The other forms, by name."""
    refused = left_out(document)
    return {name: form for name, form in FORMATS.items() if name not in refused}


def runner_of(signal_type: str) -> str:
    """The form to run an eval of such a failure in; "" where there is none."""
    return next((name for name in RUNNERS if not FORMATS[name].why_not(signal_type)), "")
