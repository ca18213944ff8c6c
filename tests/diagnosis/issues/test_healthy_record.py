"""The healthy record of an issue's contrast is of another trace, in which nothing failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.packets.publishing import packet_as_answered
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, span, store, trace_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def refused(**fields: Any) -> dict[str, Any]:
    """A model call whose answer was withheld."""
    return span("chat m", attributes=CHAT | {"gen_ai.response.finish_reasons": ["content_filter"]}, **fields)


def failed(**fields: Any) -> dict[str, Any]:
    """A model call that failed."""
    return span("chat m", attributes=CHAT, error="overloaded", **fields)


def answered(**fields: Any) -> dict[str, Any]:
    """A model call that went well."""
    return span("chat m", attributes=CHAT | {"gen_ai.response.finish_reasons": ["stop"]}, **fields)


@pytest.mark.parametrize("failing", [refused, failed])
@pytest.mark.parametrize("traces", [1, 6])
def test_a_call_of_the_failing_trace_is_no_healthy_one(
    alice: MintedProject, failing: Callable[..., dict[str, Any]], traces: int
) -> None:
    spans = []
    for number in range(traces):
        at = NOW - minutes(20 - number)
        spans.append(failing(trace=f"failing {number}", id=f"{number}a", at=at))
        spans.append(answered(trace=f"failing {number}", id=f"{number}b", at=at + minutes(0.01)))
    spans.append(answered(trace="healthy", id="h", at=NOW - minutes(2)))
    spans.append(answered(trace="tool fails", id="t", at=NOW - minutes(12)))
    spans.append(span("lookup", trace="tool fails", id="u", at=NOW - minutes(12), error="no such order"))
    store(alice.project, spans, NOW)

    packet = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 30), NOW))

    issue = next(each for each in packet["issues"] if each["operation"] != "lookup")
    assert issue["contrast"]["healthy_id"].startswith(f"rec_{trace_id('healthy')}")


def test_without_a_trace_in_which_nothing_failed_there_is_no_contrast(alice: MintedProject) -> None:
    spans = [
        refused(trace="failing", id="a", at=NOW - minutes(2)),
        answered(trace="failing", id="b", at=NOW - minutes(1)),
    ]
    store(alice.project, spans, NOW)

    [issue] = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 30), NOW))["issues"]

    assert issue["contrast"] is None
