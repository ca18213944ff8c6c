"""Checks of evals: why the model of a repeated call stopped, by its result. Copied into pytest files."""

from __future__ import annotations

from typing import Any

from telemetry.failures.finish_reasons import letters_of
from telemetry.signals.failed_results import values_under

REASON_NAMES = ("finish_reason", "finish_reasons", "finishReason", "stop_reason", "stopReason", "done_reason")
NO_REASON = "the result does not say why the model stopped: return it with `finish_reason`"


def letters_in(result: Any) -> list[str]:
    """The reasons in the result, by their letters (telemetry/failures/finish_reasons.py)."""
    values = values_under(result, REASON_NAMES)
    reasons = [reason for value in values for reason in (value if isinstance(value, list) else [value])]
    return [letters_of(str(reason)) for reason in reasons if reason]
