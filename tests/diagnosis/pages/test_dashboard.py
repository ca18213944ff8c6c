"""What a signed-in human reads of a project and its issues: the own ones only, all of it escaped."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from diagnosis.display.quantities import to_the_minute
from diagnosis.handoff import reports
from diagnosis.loops import lifecycle
from diagnosis.models import Loop, LoopEvent, Packet, Verification
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.dashboard_client import ESCAPED, HOSTILE, NOW, browser_of, diagnose, send, text
from tests.telemetry.factory import minutes


@pytest.fixture
def alices(alice: MintedProject) -> Client:
    """Alice's browser."""
    return browser_of(alice)


def test_an_empty_project_says_how_to_begin(alices: Client, alice: MintedProject) -> None:
    page = text(alices.get("/dashboard"))

    assert alice.project.project_id in page
    assert "http://testserver/v1/traces" in page
    assert "curl -X POST http://testserver/v1/runs/diagnose" in page
    assert alice.keys["agent"] not in page


@pytest.mark.parametrize(("number", "said"), [(1, "1 span"), (2, "2 spans")])
def test_what_was_not_stored_is_counted_in_words(
    alices: Client, alice: MintedProject, call: Any, number: int, said: str
) -> None:
    spans = [{"name": "pay", "traceId": "W47", "spanId": "7uG"}] * number
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    assert call("POST", "/v1/traces", alice.keys["producer"], body).status_code == 202

    page = " ".join(text(alices.get("/dashboard")).split())

    assert f'<code>invalid trace_id</code></th><td class="num">{said}</td>' in page


def test_the_button_diagnoses_the_chosen_window(alices: Client, alice: MintedProject) -> None:
    send(alice)

    answer = alices.post("/dashboard/diagnose", {"since_minutes": "60"})

    assert answer["Location"] == "/dashboard?since_minutes=60"
    assert Packet.objects.get().document["since_minutes"] == 60


def test_the_project_page_links_each_issue_with_severity_and_state_in_words(
    alices: Client, alice: MintedProject
) -> None:
    send(alice)
    loop = diagnose(alice)

    page = text(alices.get("/dashboard"))

    assert f'href="/dashboard/issues/{loop.cluster_id}"' in page
    assert f">{loop.get_severity_display()}</span>" in page
    assert '<span class="badge state-proposed">proposed</span>' in page


@pytest.mark.parametrize(
    ("asked", "minutes_shown"),
    [("60", 60), ("43200", 43200), ("0", 1440), ("43201", 1440), ("-5", 1440), ("²", 1440), ("", 1440)],
)
def test_a_window_that_cannot_be_is_the_default_one(alices: Client, asked: str, minutes_shown: int) -> None:
    page = alices.get("/dashboard", {"since_minutes": asked})

    assert page.context["since_minutes"] == minutes_shown


def test_the_window_is_the_one_that_is_counted(alices: Client, alice: MintedProject) -> None:
    send(alice, at=NOW - minutes(90))

    hour, day = (alices.get(f"/dashboard?since_minutes={n}").context["counts"] for n in (60, 1440))

    assert (hour["records"], day["records"]) == (0, 2)


@pytest.mark.parametrize(
    "path", ["/dashboard", "/dashboard/sessions", "/dashboard/session?session_id=s-1", "issue", "record"]
)
def test_what_was_captured_comes_out_escaped_and_never_as_a_link(
    alices: Client, alice: MintedProject, path: str
) -> None:
    record_id = send(alice)
    loop = diagnose(alice)
    known = {"issue": f"/dashboard/issues/{loop.cluster_id}", "record": f"/dashboard/records/{record_id}"}

    page = text(alices.get(known.get(path, path)))

    assert ESCAPED in page
    assert "<script>alert" not in page
    assert 'href="https://' not in page
    assert "style=" not in page


def test_an_issue_shows_evidence_plan_and_that_a_human_decides(alices: Client, alice: MintedProject) -> None:
    record_id = send(alice)
    loop = diagnose(alice)

    page = text(alices.get(f"/dashboard/issues/{loop.cluster_id}"))

    assert f'href="/dashboard/records/{record_id}"' in page
    assert "An approver decides in the admin" in page
    assert "Patch plan" in page


def test_a_decided_loop_shows_who_decided_and_why(alices: Client, alice: MintedProject) -> None:
    send(alice)
    loop = diagnose(alice)
    olga = User.objects.create_user("olga", is_staff=True)
    olga.user_permissions.add(Permission.objects.get(codename="decide_loop"))
    approve_seen(loop, olga, f"fine {HOSTILE}", NOW)
    reports.record_report(loop, LoopEvent.Kind.SHIPPED, "key_1", NOW, release="4.2.0")

    issue = text(alices.get(f"/dashboard/issues/{loop.cluster_id}"))
    project = text(alices.get("/dashboard"))

    assert f"fine {ESCAPED}" in issue
    assert "by olga" in issue
    assert "An approver decides in the admin" not in issue
    assert '<span class="badge state-shipped">shipped</span>' in project
    assert "4.2.0" in project


def test_the_history_of_a_fix_is_told_in_sentences(alices: Client, alice: MintedProject) -> None:
    send(alice)
    loop = diagnose(alice)
    decision = {
        "verb": "approve",
        "reason": f"fine {HOSTILE}",
        "decided_by": "olga",
        "decided_at": NOW.isoformat(),
    }
    lifecycle.append_event(loop, LoopEvent.Kind.REGRESSED, "loopkit", NOW, decision=decision)
    document = {"reason": "Nothing ran.", "before": {"failures": 4, "exposure": 2807, "counted": "failures"}}
    Verification.objects.create(loop=loop, verdict="held", document=document, created_at=NOW)

    page = text(alices.get(f"/dashboard/issues/{loop.cluster_id}"))

    assert f"decision: <code>approve by olga, {to_the_minute(NOW)}, because: fine {ESCAPED}" in page
    assert "4 failures in 2,807 records" in page
    assert "{ &quot;" not in page


@pytest.mark.parametrize("stored", ["code", "other"])  # as an earlier version called it
def test_one_word_names_the_fix_category_wherever_it_is_shown(
    stored: str, alices: Client, alice: MintedProject, call: Any
) -> None:
    send(alice)
    loop = diagnose(alice)
    Loop.objects.update(issue=loop.issue | {"patch_plan": loop.issue["patch_plan"] | {"lever": stored}})

    page = text(alices.get(f"/dashboard/issues/{loop.cluster_id}"))

    assert "Patch plan: change the code<" in page
    issue = call("GET", f"/v1/loops/{loop.loop_id}", alice.keys["agent"]).json()["issue"]
    assert issue["patch_plan"]["lever"] == "code"
    assert f"POST /v1/loops/{loop.loop_id}/events" in page
    assert "&lt;loop_id&gt;" not in page


def test_evidence_that_retention_removed_is_counted(alices: Client, alice: MintedProject) -> None:
    send(alice)
    loop = diagnose(alice)
    Loop.objects.update(issue=loop.issue | {"evidence_ids": [f"rec_{'1' * 48}", *loop.issue["evidence_ids"]]})

    page = text(alices.get(f"/dashboard/issues/{loop.cluster_id}"))

    assert "1 record is no longer stored." in page


def test_what_belongs_to_another_project_does_not_exist(alice: MintedProject, charlie: MintedProject) -> None:
    record_id = send(alice)
    loop = diagnose(alice)
    charlies = browser_of(charlie)

    paths = [f"records/{record_id}", f"issues/{loop.cluster_id}", "session?session_id=s-1"]
    answers = [charlies.get(f"/dashboard/{path}") for path in paths]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "There is nothing here" in answers[0].content.decode()
    assert loop.title not in charlies.get("/dashboard").content.decode()
    assert "s-1" not in charlies.get("/dashboard/sessions").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "records/rec_zz",
        f"records/rec_{'0' * 48}",
        "records/%00",
        "issues/clu_0",
        "issues/%00",
        "session",
        "session?session_id=%00",
        "session?session_id=nobody&cursor=junk",
    ],
)
def test_what_is_not_there_is_a_404(alices: Client, path: str) -> None:
    assert alices.get(f"/dashboard/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "/sessions", "/session?session_id=x", "/issues/x", "/records/x"])
def test_a_page_is_read_and_never_posted_to(alices: Client, path: str) -> None:
    assert alices.post(f"/dashboard{path}").status_code == 405


def test_diagnosing_signed_out_does_nothing(alice: MintedProject) -> None:
    answer = Client().post("/dashboard/diagnose", {"since_minutes": "60"})

    assert answer["Location"] == "/dashboard"
    assert not Packet.objects.exists()
