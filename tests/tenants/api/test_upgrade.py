"""POST /v1/signup/upgrade as published: permanent but capped, for the operator's code."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tenants.keys.provisioning import MintedProject
from tenants.models import Project, Tenant

SECRET = "a secret of this file"


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    """The operator's secret."""
    settings.SIGNUP_UPGRADE_SECRET = SECRET


def code_for(project: Project) -> str:
    """The code that an operator computes, by the documented formula."""
    text = f"signup-upgrade:sandbox:{project.project_id}"
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def upgrade(call: Any, minted: MintedProject, kind: str = "agent", **body: Any) -> Any:
    """The call of this file, with the true code unless another is given."""
    return call("POST", "/v1/signup/upgrade", minted.keys[kind], {"code": code_for(minted.project), **body})


def test_the_code_removes_expiry_and_plan_and_keeps_the_quota(call: Any, alice: MintedProject) -> None:
    answer = upgrade(call, alice)

    assert answer.status_code == 200
    project = Project.objects.get()
    assert (project.plan, project.expires_at, project.quota_spans) == (None, None, 5000)
    assert (answer.json()["plan"], answer.json()["expires_at"], answer.json()["quota_spans"]) == (
        None,
        None,
        5000,
    )


def test_the_answer_holds_no_secret(call: Any, alice: MintedProject) -> None:
    answer = upgrade(call, alice, producer_key=alice.keys["producer"], agent_key=alice.keys["agent"])

    assert answer.status_code == 200
    assert not [name for name in answer.json() if "key" in name or "code" in name]
    assert not [raw for raw in alice.keys.values() if raw in answer.content.decode()]


def test_upgrading_twice_is_upgrading_once(call: Any, alice: MintedProject) -> None:
    assert upgrade(call, alice).json() == upgrade(call, alice).json()


def test_without_an_agent_key_it_is_a_401(call: Any, alice: MintedProject) -> None:
    answer = call("POST", "/v1/signup/upgrade", data={"code": code_for(alice.project)})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("kind", ["producer", "feedback"])
def test_no_other_key_upgrades(call: Any, alice: MintedProject, kind: str) -> None:
    answer = upgrade(call, alice, kind)

    assert answer.status_code == 403
    assert "agent key" in answer.json()["error"]["hint"]
    assert Project.objects.get().plan == "sandbox"


def test_a_wrong_code_is_a_403(call: Any, alice: MintedProject) -> None:
    assert upgrade(call, alice, code="0" * 64).status_code == 403
    assert Project.objects.get().plan == "sandbox"


def test_another_projects_code_is_a_403(call: Any, alice: MintedProject, charlie: MintedProject) -> None:
    assert upgrade(call, alice, code=code_for(charlie.project)).status_code == 403


def test_a_code_for_the_empty_secret_is_no_code(call: Any, alice: MintedProject, settings: Any) -> None:
    settings.SIGNUP_UPGRADE_SECRET = ""
    text = f"signup-upgrade:sandbox:{alice.project.project_id}"
    code = hmac.new(b"", text.encode(), hashlib.sha256).hexdigest()

    assert upgrade(call, alice, code=code).status_code == 403


def test_a_project_outside_the_sandbox_is_not_upgraded(call: Any, alice: MintedProject) -> None:
    alice.project.tenant = Tenant.objects.create(tenant_id="globex", name="Globex")
    alice.project.save()

    assert upgrade(call, alice).status_code == 403


@pytest.mark.parametrize("name", ["producer_key", "agent_key"])
def test_a_fallback_key_of_another_project_is_refused(
    call: Any, alice: MintedProject, charlie: MintedProject, name: str
) -> None:
    theirs = charlie.keys[name.removesuffix("_key")]

    answer = upgrade(call, alice, **{name: theirs})

    assert answer.status_code == 403
    assert not Project.objects.filter(plan=None).exists()


@pytest.mark.parametrize(
    "body", [{}, {"code": None}, {"code": 7}, {"code": ""}, {"code": "x", "agent_key": 7}]
)
def test_a_bad_field_is_a_400(call: Any, alice: MintedProject, body: Any) -> None:
    answer = call("POST", "/v1/signup/upgrade", alice.keys["agent"], body)

    assert answer.status_code == 400
