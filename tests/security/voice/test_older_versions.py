"""What earlier versions stored quotes telemetry inside sentences; nothing shows it so, and approvals go on holding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.models import Loop, Verification
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide, page_of
from tests.diagnosis.dashboard_client import browser_of
from tests.diagnosis.factory import make_loop
from tests.security.voice.canaries import CANARY, canary
from tests.security.voice.test_canary_walk import misplaced
from tests.security.voice.test_closed_sentences import closed, normalised
from tests.staff_clients import Reader, home, operator

QUOTED = canary("quoted")
PLAN = {
    "lever": "tools",
    "steps": [
        {
            "step": 1,
            "detail": "Read the evidence: GET /v1/telemetry?record_id=rec_1 and the other evidence_ids.",
        },
        {"step": 2, "detail": f"Find the code of `{QUOTED}` in service `{QUOTED}`; it reports `{QUOTED}`."},
        {"step": 3, "detail": "Report each step: POST /v1/loops/<loop_id>/events."},
    ],
    "verify": f"Report `shipped`, then POST /v1/runs/verify: `{QUOTED}` must run without this failure.",
    "refuted_by": f"The eval {QUOTED} passes before the change.",
}


@pytest.fixture(scope="module")
def module_data() -> None:
    """Nothing is there beforehand."""


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """An approved loop as an earlier version stored it."""
    home(alice.project, "acme")
    stored = make_loop(
        alice.project, title=QUOTED, operation=QUOTED, service=QUOTED, error_type=QUOTED, message=QUOTED,
        patch_plan=PLAN, suspected_release=QUOTED, suspected_release_reason=f"Every failure ran release {QUOTED}.",
        code_location={"file": QUOTED, "line": 3, "function": None, "own": True},
        failing_call={"tool": QUOTED, "model": None, "replayable": True},
        hints=[{"attribute": QUOTED, "value": None, "also": [{"attribute": "b", "value": QUOTED}]}],
        echoes={"records": 2, "operations": [QUOTED]},
    )  # fmt: skip
    assert decide(operator("olga"), stored, "approve").status_code == 302
    document = {"needed": f"about 40 more records of {QUOTED}", "needed_exposure": 40, "operation": QUOTED}
    Verification.objects.create(
        loop=stored, verdict="inconclusive", document=document, created_at=timezone.now()
    )
    return stored


@pytest.mark.parametrize("path", ["/v1/loops/{0}", "/v1/loops/{0}/handoff"])
def test_a_stored_plan_is_told_in_sentences_of_this_version(
    path: str, loop: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    answer = call("GET", path.format(loop.loop_id), alice.keys["agent"])

    assert answer.status_code == 200, answer.content
    issue = answer.json()["issue"]
    assert misplaced(answer.json()) == []
    plan = issue["patch_plan"]
    sentences = [step["detail"] for step in plan["steps"]]
    sentences += [plan["verify"], plan["refuted_by"], issue["suspected_release_reason"]]
    # The issue names no record.
    said = {normalised(sentence).replace("<record_id>", "<id>") for sentence in sentences}
    assert said <= closed()
    assert len(plan["steps"]) == 9
    beside = json.dumps([step.get("with") for step in plan["steps"]])
    assert len(CANARY.findall(beside)) > 10
    assert plan["steps"][-1]["detail"].endswith(f"POST /v1/loops/{loop.loop_id}/events.")


def test_a_stored_packet_and_verification_are_shown_so_too(
    loop: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    verification = call("GET", f"/v1/loops/{loop.loop_id}", alice.keys["agent"]).json()["verifications"][0]

    assert verification["needed"] == "about 40 more records of {operation} without a failure"
    assert CANARY.search(verification["with"]["text"]["operation"])


def test_what_is_stored_stays_as_it_was_approved(
    loop: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    before = Loop.objects.get().issue

    answer = call("GET", f"/v1/loops/{loop.loop_id}", alice.keys["agent"]).json()

    assert answer["outdated"] is None
    assert Loop.objects.get().issue == before
    assert before["patch_plan"] == PLAN


@pytest.mark.parametrize("of", ["admin", "dashboard"])
def test_pages_show_its_values_in_elements_of_their_own(of: str, loop: Loop, alice: MintedProject) -> None:
    if of == "admin":
        page = operator().get(page_of(loop))
    else:
        page = browser_of(alice).get(f"/dashboard/issues/{loop.cluster_id}")

    html = page.content.decode()
    steps = re.search(r"<ol class=\"(?:lk-)?steps\">(.*?)</ol>", html, re.S)
    assert steps is not None
    assert CANARY.search(steps[1])
    assert not CANARY.search(re.sub(r"<code>[^<]*</code>", "", steps[1]))
    assert not Reader(page).forbidden
