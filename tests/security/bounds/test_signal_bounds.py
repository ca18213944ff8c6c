"""Versions of one rating, and ratings of one session, are bounded, whoever finds the feedback key in a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from telemetry.models import Record
from telemetry.spans.signal_traces import IS_SIGNAL
from telemetry.store.ratings import bounds, joining
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

Say = Callable[..., Any]
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2


@pytest.fixture
def say(call: Callable[..., Any], alice: MintedProject, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Feedback with alice's feedback key, where three of each are kept."""
    monkeypatch.setattr(bounds, "MOST_VERSIONS", 3)
    monkeypatch.setattr(bounds, "MOST_ABOUT_ONE", 3)
    return lambda **said: call("POST", "/v1/feedback", alice.keys["feedback"], {"rating": "down"} | said)


def test_a_rating_can_be_changed_until_its_versions_are_used(
    say: Say, call: Any, alice: MintedProject
) -> None:
    about = {"session_id": "chat", "feedback_id": "1"}
    for comment in ("a", "b", "c"):
        assert say(comment=comment, **about).status_code == 202

    refused = say(comment="d", **about)
    again = say(comment="c", **about)

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_many_versions")
    assert (again.status_code, again.json()["duplicate"]) == (202, True)
    assert say(comment="d", session_id="chat", feedback_id="2").status_code == 202
    session = call("GET", "/v1/sessions?since_minutes=60", alice.keys["agent"]).json()
    assert session["sessions"] == []  # nothing of the session itself has arrived
    with bind(alice.project):
        assert Record.objects.filter(IS_SIGNAL).count() == 4


@pytest.mark.parametrize("session", ["chat", SECRET, f"session {SECRET}"])
def test_a_session_has_so_many_ratings_that_can_all_be_changed(say: Say, session: str) -> None:
    for number in range(3):
        assert say(session_id=session, feedback_id=str(number)).status_code == 202

    refused = say(session_id=session, feedback_id="new")
    from_elsewhere = say(session_id="another", feedback_id="moved")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_many_signals")
    assert say(session_id=session, feedback_id="0", rating="up").status_code == 202
    assert from_elsewhere.status_code == 202
    assert say(session_id=session, feedback_id="moved").status_code == 409


def test_one_batch_joins_so_many_versions(
    say: Say, alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        for comment in ("a", "b"):
            say(session_id="chat", feedback_id=str(number), comment=comment)
    read: list[int] = []
    joined_signals = joining.joined_signals
    monkeypatch.setattr(joining, "MOST", 4)
    monkeypatch.setattr(
        joining, "joined_signals", lambda rows: read.append(len(rows)) or joined_signals(rows)
    )

    for number in range(3):
        now = timezone.now()
        turn = (
            span("chat", trace=number, at=now, attributes={"session.id": "chat"})
            if not number
            else span(at=now)
        )
        store(alice.project, [turn], now)

    assert [number for number in read if number] == [4, 2]
