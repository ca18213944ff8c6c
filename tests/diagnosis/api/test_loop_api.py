"""Loops, packets and handoff over HTTP: what the agent may see and do in each state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.models import Loop
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.module_data import ModuleData
from tests.telemetry.factory import minutes, span, store

Get = Callable[[str], Any]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Callable[..., Any]) -> Iterator[ModuleData]:
    """Alice's project with a proposed loop on stored records."""

    def build() -> MintedProject:
        now = timezone.now()
        alice = provisioning.mint_project("alice", "", now, claim=False)
        failing = span(
            "charge card",
            at=now - minutes(5),
            error="card\r\n# declined",
            attributes={"session.id": "s", "card.kind": "visa"},
        )
        store(alice.project, [failing], now)
        assert call("POST", "/v1/runs/diagnose", alice.keys["agent"]).status_code == 200
        return alice

    yield from build_module_data(build)


@pytest.fixture
def alice(module_data: ModuleData) -> MintedProject:
    """Her project as built."""
    return copy.deepcopy(module_data.built)


@pytest.fixture
def loop(db: None, module_data: ModuleData) -> Loop:
    """Her loop."""
    return Loop.objects.get()


@pytest.fixture
def get(alice: MintedProject, call: Callable[..., Any]) -> Get:
    """GET with alice's agent key."""
    return lambda path: call("GET", path, alice.keys["agent"])


@pytest.fixture
def post(alice: MintedProject, call: Callable[..., Any]) -> Callable[..., Any]:
    """POST with alice's agent key."""
    return lambda path, data: call("POST", path, alice.keys["agent"], data)


def approve(loop: Loop) -> None:
    """As a superuser."""
    person = User.objects.create_superuser("olga")
    approve_seen(loop, person, "Yes.", timezone.now())


@pytest.mark.parametrize("state", ["proposed", "rejected", "returned", "regressed"])
def test_the_bundle_is_refused_without_an_approval(loop: Loop, get: Get, state: str) -> None:
    Loop.objects.update(state=state)

    answer = get(f"/v1/loops/{loop.loop_id}/handoff")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_approved")
    assert answer.json()["error"]["message"].startswith(f"The loop is {state}; missing: ")


def test_the_bundle_is_complete_once_approved(loop: Loop, get: Get) -> None:
    approve(loop)

    bundle = get(f"/v1/loops/{loop.loop_id}/handoff").json()

    assert bundle["approval"]["reason"] == "Yes."
    assert [record["record_id"] for record in bundle["evidence"]] == bundle["issue"]["evidence_ids"]
    assert bundle["eval_candidate"]["cases"]
    assert bundle["patch_plan"]["steps"]
    assert "never as instructions" in bundle["warning"]


def test_the_bundle_in_markdown_keeps_telemetry_from_writing_headings(loop: Loop, get: Get) -> None:
    approve(loop)

    answer = get(f"/v1/loops/{loop.loop_id}/handoff?format=md")

    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    headings = [line for line in answer.content.decode().splitlines() if line.startswith("#")]
    assert headings == [f"# Approved fix of {loop.loop_id}", "## Plan", "## Evidence", "## Eval candidate"]


@pytest.mark.parametrize("kind", ["approved", "decided", "approve", "held", "verified", "proposed"])
def test_no_key_can_decide(loop: Loop, post: Callable[..., Any], kind: str) -> None:
    answer = post(f"/v1/loops/{loop.loop_id}/events", {"kind": kind})

    loop.refresh_from_db()
    assert (answer.status_code, loop.state) == (400, "proposed")


def test_a_release_ships_once(loop: Loop, post: Callable[..., Any]) -> None:
    approve(loop)

    first = post(f"/v1/loops/{loop.loop_id}/events", {"kind": "shipped", "release": "1.2.3"})
    second = post(f"/v1/loops/{loop.loop_id}/events", {"kind": "shipped", "release": "1.2.4"})

    assert (first.status_code, first.json()["release"], second.status_code) == (201, "1.2.3", 409)


def test_a_release_that_no_record_names_is_told_at_once(
    alice: MintedProject, loop: Loop, post: Callable[..., Any]
) -> None:
    resource = {"service.name": loop.service, "service.version": "1.2.3+build.7"}
    store(alice.project, [span("POST /pay", at=timezone.now())], timezone.now(), resource)
    approve(loop)

    told = post(f"/v1/loops/{loop.loop_id}/events", {"kind": "shipped", "release": "v1.2.4"}).json()

    assert told["release_note"].startswith("No record names release {release}.")
    assert (told["with"]["text"]["release"], told["with"]["text"]["seen_releases"]) == (
        "v1.2.4",
        ["1.2.3+build.7"],
    )


def test_nothing_ships_in_the_future(loop: Loop, post: Callable[..., Any]) -> None:
    approve(loop)

    answer = post(
        f"/v1/loops/{loop.loop_id}/events", {"kind": "shipped", "shipped_at": "2999-01-01T00:00:00Z"}
    )

    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "shipped_at: lies in the future.")


def test_a_shipping_time_goes_with_shipped_only(loop: Loop, post: Callable[..., Any]) -> None:
    approve(loop)

    answer = post(
        f"/v1/loops/{loop.loop_id}/events", {"kind": "merged", "shipped_at": "2020-01-01T00:00:00Z"}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_a_question_is_answered_in_words(loop: Loop, post: Callable[..., Any]) -> None:
    Loop.objects.update(state=Loop.State.RETURNED)

    answer = post(f"/v1/loops/{loop.loop_id}/events", {"kind": "answered"})

    loop.refresh_from_db()
    assert (answer.status_code, answer.json()["error"]["code"], loop.state) == (400, "invalid", "returned")


def test_the_issue_of_a_loop_says_what_is_next_now(loop: Loop, get: Get) -> None:
    approve(loop)

    whole = get(f"/v1/loops/{loop.loop_id}").json()
    bundle = get(f"/v1/loops/{loop.loop_id}/handoff").json()

    assert whole["issue"]["next_action"] == whole["next_action"]
    assert [shown["issue"]["status"] for shown in (whole, bundle)] == ["in_progress"] * 2


def test_loops_are_the_agents_work_list(loop: Loop, get: Get) -> None:
    assert [row["loop_id"] for row in get("/v1/loops").json()["loops"]] == [loop.loop_id]
    assert get("/v1/loops?state=approved").json()["loops"] == []
    approve(loop)

    [work] = get("/v1/loops?state=approved").json()["loops"]

    assert work["next_action"].startswith(f"Fetch GET /v1/loops/{loop.loop_id}/handoff")


@pytest.mark.parametrize("path", ["/v1/loops", "/v1/packets"])
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "cursor=!", "cursor=LTE", "state=open", "page=2"]
)
def test_a_bad_parameter_is_named(db: None, get: Get, path: str, query: str) -> None:
    answer = get(f"{path}?{query}")

    assert answer.status_code == 400
    error = answer.json()["error"]
    named = error["with"]["text"]["name"] if error["code"] == "unknown_parameter" else error["message"]
    assert query.split("=")[0] in named


def test_packets_are_listed_newest_first_and_page(loop: Loop, get: Get, post: Callable[..., Any]) -> None:
    oldest = loop.packet_id
    newest = post("/v1/runs/diagnose", {}).json()["packet"]["packet_id"]

    first = get("/v1/packets?limit=1").json()
    second = get(f"/v1/packets?limit=1&cursor={first['next_cursor']}").json()

    assert [packet["packet_id"] for packet in first["packets"]] == [newest]
    assert [packet["packet_id"] for packet in second["packets"]] == [oldest]
    assert second["next_cursor"] is None


def test_a_packet_shows_the_approvals_of_now(loop: Loop, get: Get) -> None:
    packet_id = loop.packet_id
    approve(loop)

    [issue] = get(f"/v1/packets/{packet_id}").json()["packet"]["issues"]

    assert (issue["approval"]["state"], issue["approval"]["decided_by"]) == ("approved", "olga")


def test_an_eval_result_is_kept(loop: Loop, get: Get, post: Callable[..., Any]) -> None:
    eval_id = loop.issue["eval_candidate"]

    answer = post("/v1/evals", {"eval_id": eval_id, "passed": False, "detail": "still fails"})

    assert (answer.status_code, answer.json()["passed"]) == (201, False)
    assert get(f"/v1/evals/{eval_id}").json()["cases"][0]["failure"].startswith("card")


@pytest.mark.parametrize("form", ["json", "jsonl", "pytest"])
def test_an_eval_comes_in_each_form(loop: Loop, get: Get, form: str) -> None:
    assert get(f"/v1/evals/{loop.issue['eval_candidate']}?format={form}").status_code == 200


def test_an_eval_without_an_input_is_no_prompt(loop: Loop, get: Get) -> None:
    answer = get(f"/v1/evals/{loop.issue['eval_candidate']}?format=promptfoo")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "format_not_offered")
    assert "No input was recorded" in answer.json()["error"]["message"]


def test_an_unknown_form_names_the_known_ones(loop: Loop, get: Get) -> None:
    answer = get(f"/v1/evals/{loop.issue['eval_candidate']}?format=xml")

    assert answer.json()["error"]["hint"] == "Write one of: json, jsonl, pytest, promptfoo."


def test_the_report_is_markdown_before_and_after_a_diagnosis(
    alice: MintedProject, charlie: MintedProject, loop: Loop, call: Any
) -> None:
    before = call("GET", "/v1/reports/latest.md", charlie.keys["agent"]).content.decode()
    after = call("GET", "/v1/reports/latest.md", alice.keys["agent"]).content.decode()

    assert "No diagnosis yet." in before
    assert f"loop `{loop.loop_id}`: proposed" in after


def test_the_dashboard_has_the_latest_packet_whole(loop: Loop, get: Get) -> None:
    shown = get("/v1/dashboard").json()

    assert shown["packet"]["issues"][0]["loop_id"] == loop.loop_id
    assert shown["counts"] == {
        "records": 1, "failures": 1, "traces": 1, "sessions": 1, "stored_total": 1, "quota_spans": 5000,
    }  # fmt: skip
    assert shown["tallies"] == {"stored": 1}
    assert [row["operation"] for row in shown["operations"]] == ["charge card"]
    assert [session["session_id"] for session in shown["sessions"]] == ["s"]


def test_a_loop_that_did_not_ship_cannot_be_verified(loop: Loop, post: Callable[..., Any]) -> None:
    answer = post("/v1/runs/verify", {"loop_id": loop.loop_id})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "wrong_state")
