"""What goes into an eval is whatever an application sent; every control database takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.evals.candidates import without_nul
from diagnosis.models import EvalCandidate, Loop, Packet
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.telemetry.factory import minutes, span, store


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\0b\0\0", "ab"),
        ("\\\0", "\\"),
        ("\\u0000", "\\u0000"),
        ("\\\\u0000", "\\\\u0000"),
        ([{"k\0": ["\0"]}], [{"k": [""]}]),
    ],
)
def test_nul_goes_and_text_that_looks_like_it_stays(sent: Any, kept: Any) -> None:
    assert without_nul({"input": sent}) == {"input": kept}


@pytest.mark.parametrize(
    "arguments",
    [
        json.dumps({"order\0": "A-1\0"}),
        "[" * 900 + "]" * 900,
        "[{1, 2}]",
        "[1e400]",
        '{"a": "\\ud800"}',
        '{"a": 1e300, "b": 123456789012345678901234567890}',
    ],
)
@pytest.mark.django_db
def test_no_argument_of_a_tool_can_stop_the_diagnosis(
    alice: MintedProject, call: Callable[..., Any], arguments: str
) -> None:
    now, agent = timezone.now(), alice.keys["agent"]
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "ship",
        "gen_ai.tool.call.arguments": arguments,
    }
    store(alice.project, [span("ship", at=now - minutes(5), error="late", attributes=tool)], now)

    answer = call("POST", "/v1/runs/diagnose", agent)

    assert answer.status_code == 200
    [issue] = answer.json()["packet"]["issues"]
    candidate = call("GET", f"/v1/evals/{issue['eval_candidate']}", agent)
    assert candidate.status_code == 200
    assert "\\u0000" not in json.dumps(EvalCandidate.objects.get().document)


@pytest.mark.django_db
def test_no_attribute_can_stop_the_diagnosis(alice: MintedProject, call: Callable[..., Any]) -> None:
    now = timezone.now()
    failed = [
        span(
            "ship",
            at=now - minutes(5),
            trace=f"f{n}",
            error="late",
            attributes={"lane\0": "a\0", "code.filepath": "/app/ship\0.py", "code.function": "go\0"},
        )
        for n in range(20)
    ]
    well = [span("ship", at=now - minutes(5), trace=f"w{n}", attributes={"lane\0": "b\0"}) for n in range(20)]
    store(alice.project, failed + well, now)

    answer = call("POST", "/v1/runs/diagnose", alice.keys["agent"])

    [issue] = answer.json()["packet"]["issues"]
    assert "lane" in {hint["attribute"] for hint in issue["hints"]}
    assert issue["code_location"]["file"] == "/app/ship.py"
    assert "\\u0000" not in json.dumps([Packet.objects.get().document, Loop.objects.get().issue])


@pytest.mark.parametrize(
    "path", ["/v1/packets/a%00", "/v1/loops/a%00", "/v1/loops/%00/handoff", "/v1/evals/a%00"]
)
@pytest.mark.django_db
def test_an_id_that_no_database_can_hold_is_not_found(
    alice: MintedProject, call: Callable[..., Any], path: str
) -> None:
    answer = call("GET", path, alice.keys["agent"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.django_db
def test_a_case_without_an_input_that_an_earlier_version_stored_is_not_given_out(
    alice: MintedProject, call: Callable[..., Any]
) -> None:
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "ship",
        "gen_ai.tool.call.arguments": "{}",
    }
    now = timezone.now()
    store(alice.project, [span("ship", at=now - minutes(5), error="late", attributes=tool)], now)
    [issue] = call("POST", "/v1/runs/diagnose", alice.keys["agent"]).json()["packet"]["issues"]
    stored = EvalCandidate.objects.get()
    [case] = stored.document["cases"]
    stored.document = stored.document | {"cases": [case | {"input": None}, case]}
    stored.save()
    loop = Loop.objects.get()
    approve_seen(loop, User.objects.create_superuser("boss"), "It hurts.", timezone.now())

    path = f"/v1/evals/{issue['eval_candidate']}"
    lines = call("GET", f"{path}?format=jsonl", alice.keys["agent"]).content.splitlines()
    given = call("GET", path, alice.keys["agent"]).json()["cases"]
    handed = call("GET", f"/v1/loops/{loop.pk}/handoff", alice.keys["agent"]).json()["eval_candidate"][
        "cases"
    ]

    assert given == handed == [case]
    assert [json.loads(line)["record_id"] for line in lines] == [case["record_id"]]
    assert len(EvalCandidate.objects.get().document["cases"]) == 2
