"""Parameters and fields that a path does not know are refused, with the nearest one that it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.models import Loop
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tests.module_data import ModuleData
from tests.telemetry.factory import minutes, span, store

Send = Callable[..., Any]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Callable[..., Any]) -> Iterator[ModuleData]:
    """A project with a loop, its packet and its eval."""

    def build() -> MintedProject:
        now = timezone.now()
        alice = provisioning.mint_project("alice", "", now, claim=False)
        store(alice.project, [span("charge card", at=now - minutes(5), error="declined")], now)
        assert call("POST", "/v1/runs/diagnose", alice.keys["agent"]).status_code == 200
        return alice

    yield from build_module_data(build)


@pytest.fixture
def send(module_data: ModuleData, call: Callable[..., Any], db: None) -> Send:
    """A request with alice's agent key; `path` may name the loop's ids."""
    alice, loop = module_data.built, Loop.objects.get()

    def ask(method: str, path: str, data: Any = None) -> Any:
        ids = {"loop": loop.loop_id, "packet": loop.packet_id, "eval": loop.issue["eval_candidate"]}
        return call(method, path.format(**ids), alice.keys["agent"], data)

    return ask


def refusal(answer: Any) -> tuple[int, str, str]:
    """Status, code and hint."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["hint"]


READS = [
    "/v1/packets", "/v1/packets/{packet}", "/v1/loops", "/v1/loops/{loop}", "/v1/loops/{loop}/handoff",
    "/v1/evals/{eval}", "/v1/reports/latest.md", "/v1/dashboard",
]  # fmt: skip
WRITES = {
    "/v1/runs/diagnose": {"since_minutes": 5},
    "/v1/runs/verify": {"loop_id": "loop_1"},
    "/v1/loops/{loop}/events": {"kind": "shipped", "release": "1"},
    "/v1/evals": {"eval_id": "e-v1", "passed": True},
    "/v1/access-requests": {"name": "Olga", "email": "olga@example.com"},
}


@pytest.mark.parametrize("path", READS)
def test_an_unknown_parameter_is_refused(send: Send, path: str) -> None:
    assert refusal(send("GET", f"{path}?bogus=1"))[:2] == (400, "unknown_parameter")


@pytest.mark.parametrize(("path", "body"), WRITES.items())
def test_an_unknown_field_is_refused(send: Send, path: str, body: dict[str, Any]) -> None:
    assert refusal(send("POST", path, body | {"bogus": 1}))[:2] == (400, "unknown_parameter")


@pytest.mark.parametrize(("path", "body"), WRITES.items())
def test_a_field_in_the_query_is_refused(send: Send, path: str, body: dict[str, Any]) -> None:
    status, code, hint = refusal(send("POST", f"{path}?{next(iter(body))}=1", body))

    assert (status, code) == (400, "unknown_parameter")
    assert "in the body" in hint


@pytest.mark.parametrize(
    ("method", "path", "data", "meant"),
    [
        ("POST", "/v1/runs/diagnose", {"since_minute": 5}, "since_minutes"),
        ("POST", "/v1/runs/verify", {"loop": "loop_1"}, "loop_id"),
        ("POST", "/v1/loops/{loop}/events", {"kind": "shipped", "relase": "1"}, "release"),
        ("POST", "/v1/evals", {"eval": "e-v1", "passed": True}, "eval_id"),
        ("POST", "/v1/access-requests", {"name": "Olga", "mail": "olga@example.com"}, "email"),
        ("GET", "/v1/loops?stat=approved", None, "state"),
        ("GET", "/v1/packets?limt=1", None, "limit"),
        ("GET", "/v1/loops/{loop}/handoff?fromat=md", None, "format"),
        ("GET", "/v1/evals/{eval}?form=pytest", None, "format"),
        ("GET", "/v1/loops?state=aproved", None, "approved"),
        ("GET", "/v1/evals/{eval}?format=py", None, "pytest"),
        ("POST", "/v1/loops/{loop}/events", {"kind": "ship"}, "shipped"),
    ],
)
def test_the_nearest_right_one_is_named(send: Send, method: str, path: str, data: Any, meant: str) -> None:
    status, _, hint = refusal(send(method, path, data))

    assert status == 400
    assert f"Did you mean {meant}?" in hint


@pytest.mark.parametrize(
    ("path", "body", "shown"),
    [
        ("/v1/runs/diagnose", {"since_minutes": 0}, "1 to 43200"),
        ("/v1/runs/diagnose", {"until": "yesterday"}, "2026-01-31T12:00:00Z"),
        ("/v1/runs/diagnose", {"until": "9999-12-31T23:59:59Z"}, "2026-01-31T12:00:00Z"),
        ("/v1/loops/{loop}/events", {}, "Write one of: issue_opened"),
        ("/v1/loops/{loop}/events", {"kind": ["shipped"]}, "Write one of: issue_opened"),
        ("/v1/runs/verify", {}, "loop_id: That of an issue, or of a loop that GET /v1/loops lists."),
        ("/v1/evals", {"eval_id": "x" * 121, "passed": "perhaps"}, "Correct the named field"),
        (
            "/v1/loops/{loop}/events",
            {"kind": "shipped", "release": ""},
            "release: With shipped and shipped_corrected: what carries",
        ),
        ("/v1/recover", {"project_id": "x"}, "From the signup or provision answer. Write 128"),
    ],
)
def test_a_bad_value_is_refused_with_the_right_form(
    send: Send, path: str, body: dict[str, Any], shown: str
) -> None:
    status, code, hint = refusal(send("POST", path, body))

    assert (status, code) == (400, "invalid")
    assert shown in hint


@pytest.mark.parametrize("path", READS)
def test_without_parameters_a_read_is_answered(send: Send, path: str) -> None:
    Loop.objects.update(state="approved")

    assert send("GET", path).status_code in {200, 409}


@pytest.mark.parametrize("kind", ["approved", "approve", " Rejected", "return"])
def test_the_report_of_a_decision_is_told_who_decides(send: Send, kind: str) -> None:
    status, code, hint = refusal(send("POST", "/v1/loops/{loop}/events", {"kind": kind}))

    assert (status, code) == (400, "invalid")
    assert hint.startswith("A person decides: a member of the loop's tenant with the role approver")
    assert "issue_opened, pr_opened" in hint
    assert "Did you mean" not in hint


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ({"rating": "meh"}, "Write one of: up, down."),
        ({"rating": "upp"}, "Did you mean up? Write one of: up, down."),
        (
            {"rating": "up", "trace_id": "xyz"},
            "trace_id: 32 hex digits, not all of them 0. Correct the named field",
        ),
    ],
)
def test_a_rating_is_refused_with_the_right_form(
    module_data: ModuleData, call: Callable[..., Any], db: None, field: dict[str, str], shown: str
) -> None:
    body = {"session_id": "s"} | field

    status, code, hint = refusal(call("POST", "/v1/feedback", module_data.built.keys["feedback"], body))

    assert (status, code) == (400, "invalid")
    assert hint.startswith(shown)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/provision", 201), ("/v1/signup", 201), ("/v1/recover", 404), ("/v1/signup/upgrade", 403)],
)
def test_clients_of_the_published_contract_may_send_more(send: Send, path: str, status: int) -> None:
    known = {"project_name": "more", "project_id": "none", "recovery_code": "0", "code": "0"}

    assert send("POST", path, known | {"bogus": 1}).status_code == status
