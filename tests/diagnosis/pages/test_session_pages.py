"""Sessions and records on pages: whole, in order, reachable whatever their ids hold."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import NOW, browser_of, diagnose, send, text
from tests.telemetry.factory import minutes, span, span_id, store, trace_id

STRANGE_ID = "../a b?c#d&e=<i>\n%2e"


@pytest.fixture
def alices(alice: MintedProject) -> Client:
    """Alice's browser."""
    return browser_of(alice)


def test_sessions_are_listed_and_the_failing_ones_alone_if_asked(
    alices: Client, alice: MintedProject
) -> None:
    send(alice, session="broken")
    store(alice.project, [span(trace="fine", at=NOW - minutes(5), attributes={"session.id": "fine"})], NOW)

    every, failing = (text(alices.get(f"/dashboard/sessions{query}")) for query in ("", "?outcome=failure"))

    assert "session_id=fine" in every
    assert "session_id=broken" in every
    assert "session_id=fine" not in failing
    assert "session_id=broken" in failing


def test_older_sessions_are_behind_a_link(alices: Client, alice: MintedProject) -> None:
    for number in range(60):
        at = NOW - minutes(1 + number / 10)
        store(alice.project, [span(trace=number, at=at, attributes={"session.id": f"s-{number}"})], NOW)

    first = alices.get("/dashboard/sessions")
    cursor = first.context["page"]["next_cursor"]
    second = alices.get("/dashboard/sessions", {"cursor": cursor})

    assert f"?cursor={cursor}" in text(first)
    assert len(first.context["page"]["sessions"]) == 50
    assert len(second.context["page"]["sessions"]) == 10
    assert alices.get("/dashboard/sessions", {"cursor": "junk"}).status_code == 200


def test_a_session_shows_its_records_under_each_other(alices: Client, alice: MintedProject) -> None:
    send(alice)

    turns = alices.get("/dashboard/session?session_id=s-1").context["turns"]

    assert [(turn["name"], turn["depth"]) for turn in turns] == [("chat", 0), ("execute_tool lookup", 1)]


def test_a_span_that_claims_to_be_its_own_ancestor_is_shown(alices: Client, alice: MintedProject) -> None:
    store(alice.project, [span("loop", id="self", parent="self", trace="odd", at=NOW - minutes(1))], NOW)

    page = alices.get("/dashboard/session", {"session_id": trace_id("odd")})

    assert page.status_code == 200


def test_any_session_id_can_be_opened_from_the_list(alices: Client, alice: MintedProject) -> None:
    send(alice, session=STRANGE_ID)

    listed = text(alices.get("/dashboard/sessions"))

    link = f"/dashboard/session?session_id={quote(STRANGE_ID, safe='')}"
    assert f'href="{link}"' in listed
    assert alices.get(link).context["session"]["session_id"] == STRANGE_ID


def test_a_record_shows_the_whole_span_and_leads_to_session_and_issue(
    alices: Client, alice: MintedProject
) -> None:
    record_id = send(alice)

    before = text(alices.get(f"/dashboard/records/{record_id}"))
    loop = diagnose(alice)
    after = text(alices.get(f"/dashboard/records/{record_id}"))

    assert "a name that template look-ups could stumble over" in before
    assert "gen_ai.tool.call.arguments" in before
    assert 'href="/dashboard/session?session_id=s-1"' in before
    assert "/dashboard/issues/" not in before
    assert f'href="/dashboard/issues/{loop.cluster_id}"' in after


def test_a_huge_value_is_cut_on_the_page(alices: Client, alice: MintedProject) -> None:
    store(
        alice.project,
        [span(trace="big", id="big", at=NOW - minutes(1), attributes={"x": "y" * 500_000})],
        NOW,
    )

    page = text(alices.get(f"/dashboard/records/rec_{trace_id('big')}{span_id('big')}"))

    assert len(page) < 100_000
    assert "480,000 more characters" in page


def test_a_session_of_the_future_is_shown(alices: Client, alice: MintedProject) -> None:
    send(alice, at=NOW + timedelta(days=400))

    assert alices.get("/dashboard/session?session_id=s-1").status_code == 200
