"""A failure is quiet once so much ran without it that chance explains it no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.issues.issue_words import since_in_words
from diagnosis.packets.publishing import packet_as_answered
from telemetry.windows import Window, rfc3339
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def issue_of(minted: MintedProject, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The one issue of these spans, in the hours before noon."""
    store(minted.project, runs, NOON)
    [issue] = packet_as_answered(diagnose(minted.project, Window.ending(NOON, 240), NOON))["issues"]
    return dict(issue)


def runs(failing: int, healthy: int, session: str = "") -> list[dict[str, Any]]:
    """So many records that fail a second apart, and then healthy ones, each of a session of its own unless named."""
    start = NOON - timedelta(hours=3)
    named = {"session.id": session} if session else {}
    return [
        span(
            "POST /invoices",
            trace=number,
            at=start + timedelta(seconds=number),
            error="no template" if number < failing else "",
            attributes=named,
        )
        for number in range(failing + healthy)
    ]


@pytest.mark.parametrize(
    ("failing", "healthy", "expected"),
    [
        (3, 60, True),  # 1 / C(63, 3): 1 in 39,711
        (1, 60, False),  # one failure among 61 is anywhere with the same chance
        (1, 98, False),  # 1 in 99
        (1, 100, True),
        (3, 0, False),
        (3, 5, False),  # 1 in 56
    ],
)
def test_the_chance_is_that_of_all_failures_coming_first(
    alice: MintedProject, failing: int, healthy: int, expected: bool
) -> None:
    quiet = issue_of(alice, runs(failing, healthy))["quiet_since"]

    last = NOON - timedelta(hours=3) + timedelta(seconds=failing - 1)
    assert (quiet["since"], quiet["until"]) == (rfc3339(last), rfc3339(NOON))
    assert (quiet["records"], quiet["is_quiet"]) == (healthy, expected)


def test_a_session_that_fails_again_and_again_is_one_chance(alice: MintedProject) -> None:
    quiet = issue_of(alice, runs(20, 80, session="one"))["quiet_since"]

    assert (quiet["records"], quiet["chance"], quiet["is_quiet"]) == (80, 0.2, False)


def test_the_sentence_says_what_ran_since(alice: MintedProject) -> None:
    issue = issue_of(alice, runs(3, 60))

    assert since_in_words(issue["quiet_since"]) == (
        "quiet. The last failure was at 4 May 2026, 09:00 UTC; 60 records of the operation started after it until "
        "4 May 2026, 12:00 UTC. At the rate until then, none of them would fail with a chance of 0.00252%."
    )
