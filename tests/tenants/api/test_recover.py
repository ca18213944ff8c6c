"""POST /v1/recover as published: fresh keys for the recovery code, the old ones dead at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject
from tenants.models import Key, Project, Tenant
from tests.server import Server
from tests.tenants.api.test_provision import KEYS, SIGNUP_SHAPE

SECRET = "a secret of this file"


@pytest.fixture
def recover(call: Any, settings: Any) -> Callable[..., Any]:
    """`recover(project_id)`: with the true code unless another is given."""
    settings.SIGNUP_UPGRADE_SECRET = SECRET

    def send(project_id: Any, code: Any = None, **more: Any) -> Any:
        code = credentials.recovery_code(SECRET, str(project_id)) if code is None else code
        return call("POST", "/v1/recover", data={"project_id": project_id, "recovery_code": code, **more})

    return send


def may_upgrade(call: Any, key: str) -> bool:
    """Whether the key is accepted: a wrong code is refused later than a wrong key."""
    return bool(call("POST", "/v1/signup/upgrade", key, {"code": "wrong"}).status_code == 403)


def test_the_code_rotates_all_keys_and_stays_itself(recover: Any, alice: MintedProject) -> None:
    first = recover(alice.project.project_id)
    second = recover(alice.project.project_id)

    assert (first.status_code, second.status_code) == (200, 200)
    assert set(first.json()) == SIGNUP_SHAPE
    assert first.json()["recovery_code"] == second.json()["recovery_code"]
    assert not {first.json()[name] for name in KEYS} & {second.json()[name] for name in KEYS}


def test_new_keys_work_and_old_ones_are_refused(recover: Any, call: Any, alice: MintedProject) -> None:
    fresh = recover(alice.project.project_id).json()

    assert may_upgrade(call, fresh["agent_key"])
    assert call("POST", "/v1/signup/upgrade", alice.keys["agent"], {"code": "x"}).status_code == 401


def test_old_keys_are_refused_at_once_by_every_worker(server: Server) -> None:
    minted = server.provision("recovered")
    body = {"project_name": "recovered"}
    assert {server.call("POST", "/v1/provision", minted["agent_key"], body).status for _ in range(8)} == {200}

    fresh = server.call(
        "POST",
        "/v1/recover",
        data={"project_id": minted["project_id"], "recovery_code": minted["recovery_code"]},
    ).json()

    for kind in ("agent_key", "producer_key"):
        assert {server.call("POST", "/v1/provision", minted[kind], body).status for _ in range(8)} == {401}
        assert {server.call("POST", "/v1/provision", fresh[kind], body).status for _ in range(8)} == {200}


def test_the_code_is_read_in_any_case_and_with_spaces_around(recover: Any, alice: MintedProject) -> None:
    code = credentials.recovery_code(SECRET, alice.project.project_id)

    assert recover(alice.project.project_id, f" {code.upper()}\n").status_code == 200


@pytest.mark.parametrize("code", ["0" * 64, "x", "ü", "upgrade"])
def test_a_wrong_code_is_a_403_and_changes_nothing(recover: Any, alice: MintedProject, code: str) -> None:
    if code == "upgrade":
        code = credentials.upgrade_code(SECRET, alice.project.project_id)

    assert recover(alice.project.project_id, code).status_code == 403
    assert not Key.objects.exclude(revoked_at=None).exists()


def test_a_code_opens_its_own_project_only(
    recover: Any, alice: MintedProject, charlie: MintedProject
) -> None:
    code = credentials.recovery_code(SECRET, alice.project.project_id)

    assert recover(charlie.project.project_id, code).status_code == 403


@pytest.mark.django_db
def test_an_unknown_project_is_a_404(recover: Any) -> None:
    assert recover("acme-00000000").status_code == 404


def test_a_project_of_another_tenant_is_a_404(recover: Any, alice: MintedProject) -> None:
    alice.project.tenant = Tenant.objects.create(tenant_id="globex", name="Globex")
    alice.project.save()

    assert recover(alice.project.project_id).status_code == 404
    assert not Key.objects.exclude(revoked_at=None).exists()


def test_an_expired_project_gets_no_keys_that_would_not_work(recover: Any, make_project: Any) -> None:
    expired = make_project(expires_at=timezone.now() - timedelta(seconds=1))

    assert recover(expired.project.project_id).status_code == 404


def test_a_graduated_project_is_recovered_too(recover: Any, make_project: Any) -> None:
    permanent = make_project(plan=None, expires_at=None)

    assert recover(permanent.project.project_id).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"project_id": "acme-00000000"},
        {"recovery_code": "x"},
        {"project_id": 7, "recovery_code": "x"},
        {"project_id": "acme-00000000", "recovery_code": 7},
        {"project_id": "", "recovery_code": ""},
        {"project_id": "a\u0000", "recovery_code": "x"},
        {"project_id": "x" * 65, "recovery_code": "x"},
        {"project_id": ["a"], "recovery_code": {}},
    ],
)
def test_a_missing_or_bad_field_is_a_400(call: Any, body: Any) -> None:
    assert call("POST", "/v1/recover", data=body).status_code == 400


def test_recovering_above_the_rate_is_a_429_with_retry_after(
    recover: Any, alice: MintedProject, settings: Any
) -> None:
    settings.LOOPKIT_RECOVER_RATE = "2/h"

    answers = [recover(alice.project.project_id, "wrong") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    assert recover(alice.project.project_id).status_code == 429  # guessing also spends the true code's chance


def test_without_the_secret_it_is_a_503(recover: Any, alice: MintedProject, settings: Any) -> None:
    settings.SIGNUP_UPGRADE_SECRET = ""

    answer = recover(alice.project.project_id, "x")

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "recovery_unavailable"


def test_a_rotation_that_fails_halfway_leaves_the_old_keys_working(
    recover: Any, call: Any, alice: MintedProject
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER halfway BEFORE INSERT ON tenants_key WHEN NEW.kind = 'feedback' "
            "BEGIN SELECT RAISE(ABORT, 'halfway'); END"
        )

    answer = recover(alice.project.project_id)

    assert answer.status_code == 500
    assert Key.objects.filter(revoked_at=None).count() == 3
    assert may_upgrade(call, alice.keys["agent"])


def test_only_revoked_keys_stay_of_the_old_ones(recover: Any, alice: MintedProject) -> None:
    recover(alice.project.project_id)

    project = Project.objects.get()
    assert project.keys.filter(revoked_at=None).count() == 3
    assert project.keys.exclude(revoked_at=None).count() == 3
