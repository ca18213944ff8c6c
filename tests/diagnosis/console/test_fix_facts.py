"""The facts of a fix on the loop's page: what its failures before are called."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.console import fix_facts
from diagnosis.loops import lifecycle
from diagnosis.models import Loop, LoopEvent
from tests.diagnosis.shipped_loop import SHIPPED

BEFORE = {"failures": 20, "exposure": 50, "rate": 0.4}


def before_it(loop: Loop, **before: Any) -> str:
    """What the page says of the counts before a fix that was reported with these."""
    detail = {"attempt": 1, "shipped_at": SHIPPED.isoformat(), "before": BEFORE | before}
    lifecycle.append_event(loop, LoopEvent.Kind.SHIPPED, "agent", SHIPPED, **detail)
    [(_, facts)] = fix_facts.fixes_context(loop)["fixes"]
    return dict(facts)["before it"]


@pytest.mark.parametrize(
    ("signal", "said"),
    [("error", "20 failures in 50 records (40%)"), ("repeated_call", "20 failures in 50 traces (40%)")],
)
def test_a_report_that_does_not_say_what_was_counted_counts_as_the_verifications_do(
    loop: Loop, signal: str, said: str
) -> None:
    loop.signal_type = signal

    assert before_it(loop) == said


def test_what_the_report_says_was_counted_stays(loop: Loop) -> None:
    told = before_it(loop, counted="failures with what they caused")

    assert told == "20 failures with what they caused in 50 records (40%)"
