"""POST /v1/provision as published: mint, resume, refuse, race, limit, graduate."""

from __future__ import annotations

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.models import Key, Project
from tests.server import Server

pytestmark = pytest.mark.django_db
SIGNUP_SHAPE = {
    *("ok", "tenant_id", "project_id", "project_name", "producer_key", "agent_key", "feedback_key", "scopes"),
    *("quota_spans", "expires_at", "plan", "recovery_code"),
    *("ingest_url", "diagnose_url", "dashboard_url", "quickstart_url"),
}
KEYS = ("producer_key", "agent_key", "feedback_key")


@pytest.fixture
def provision(call: Any) -> Any:
    """`provision("acme", key)`: the call of this file."""

    def send(name: Any = "acme", key: str = "", **more: Any) -> Any:
        return call("POST", "/v1/provision", key, {"project_name": name, **more})

    return send


def test_minting_answers_201_with_exactly_the_signup_shape_and_what_provisioning_did(provision: Any) -> None:
    answer = provision("My App!")

    assert answer.status_code == 201
    minted = answer.json()
    assert set(minted) == SIGNUP_SHAPE | {"resumed", "graduated"}
    assert (minted["ok"], minted["resumed"], minted["graduated"]) == (True, False, False)
    assert (minted["tenant_id"], minted["project_name"], minted["plan"]) == ("sandbox", "My App!", "sandbox")
    assert minted["project_id"].startswith("my-app-")
    assert len({minted[name] for name in KEYS} - {None}) == 3


def test_a_sandbox_has_5000_spans_and_14_days(provision: Any) -> None:
    before = timezone.now()

    minted = provision().json()

    expires_at = Project.objects.get(project_id=minted["project_id"]).expires_at
    assert expires_at is not None
    assert minted["quota_spans"] == 5000
    assert timedelta(0) <= expires_at - before - timedelta(days=14) < timedelta(seconds=10)
    assert minted["expires_at"] == expires_at.isoformat().replace("+00:00", "Z")


def test_the_urls_of_the_answer_are_the_callers(provision: Any) -> None:
    minted = provision().json()

    assert minted["ingest_url"] == "http://testserver/v1/traces"
    assert minted["diagnose_url"] == "http://testserver/v1/runs/diagnose"
    assert minted["dashboard_url"] == "http://testserver/dashboard"
    assert minted["quickstart_url"] == "http://testserver/quickstart.md"


def test_the_public_url_wins_in_answers(provision: Any, settings: Any) -> None:
    settings.LOOPKIT_PUBLIC_URL = "https://loops.example"

    assert provision().json()["ingest_url"] == "https://loops.example/v1/traces"


@pytest.mark.parametrize(("kind", "withheld"), [("producer", {"recovery_code": None}), ("agent", {})])
def test_resuming_changes_nothing_and_shows_no_keys(
    provision: Any, kind: str, withheld: dict[str, None]
) -> None:
    minted = provision().json()
    project, keys = Project.objects.values().get(), set(Key.objects.values_list("digest", "revoked_at"))

    answer = provision(key=minted[f"{kind}_key"])

    assert answer.status_code == 200
    assert answer.json() == minted | dict.fromkeys(KEYS) | {"resumed": True} | withheld
    assert Project.objects.values().get() == project
    assert set(Key.objects.values_list("digest", "revoked_at")) == keys


def test_resuming_leaves_the_old_keys_working(provision: Any) -> None:
    minted = provision().json()

    provision(key=minted["agent_key"])

    assert provision(key=minted["agent_key"]).status_code == 200
    assert provision(key=minted["producer_key"]).status_code == 200


def test_spaces_around_a_name_do_not_make_another_project(provision: Any) -> None:
    minted = provision("acme").json()

    assert provision("  acme ", minted["agent_key"]).json()["project_id"] == minted["project_id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"project_name": None},
        {"project_name": ""},
        {"project_name": "   "},
        {"project_name": 7},
        {"project_name": 7.5},
        {"project_name": True},
        {"project_name": ["acme"]},
        {"project_name": {"name": "acme"}},
        {"project_name": "a\u0000b"},
        {"project_name": "x" * 121},
        {"project_name": "acme", "operator": None},
        {"project_name": "acme", "operator": 7},
        {"project_name": "acme", "operator": ["x"]},
        {"project_name": "acme", "operator": "x" * 121},
    ],
)
def test_a_bad_field_is_a_400_that_names_it(call: Any, body: Any) -> None:
    answer = call("POST", "/v1/provision", data=body)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert ("operator" if "operator" in body else "project_name") in error["message"]
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"acme"', b"1", b"{", b"{'a': 1}", b"\xff", b'{"project_name": "\\ud800"}']
)
def test_a_body_that_is_no_json_object_is_a_400(call: Any, body: bytes) -> None:
    answer = call("POST", "/v1/provision", data=body)

    assert answer.status_code == 400
    assert answer.json()["ok"] is False


def test_resuming_without_a_key_is_a_401_that_says_how(provision: Any) -> None:
    provision()

    answer = provision()

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    error = answer.json()["error"]
    assert error["code"] == "not_authenticated"
    assert error["hint"].startswith("Take another project_name, or send `Authorization: Bearer <key>`")
    assert "/v1/recover" in error["hint"]


@pytest.mark.parametrize("key", ["nonsense", "lk_agent_" + "0" * 49])
def test_resuming_with_an_unknown_key_is_a_401(provision: Any, key: str) -> None:
    provision()

    answer = provision(key=key)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_resuming_with_another_projects_key_is_a_403(provision: Any) -> None:
    provision("acme")
    stranger = provision("globex").json()

    assert provision("acme", stranger["agent_key"]).status_code == 403
    assert provision("acme", stranger["producer_key"]).status_code == 403


def test_the_public_feedback_key_resumes_nothing(provision: Any) -> None:
    minted = provision().json()

    answer = provision(key=minted["feedback_key"])

    assert answer.status_code == 403
    assert "recovery_code" not in answer.json()


def test_two_operators_own_the_same_name(provision: Any) -> None:
    ours, theirs = provision(operator="ours").json(), provision(operator="theirs").json()

    assert ours["project_id"] != theirs["project_id"]
    assert provision(key=ours["agent_key"], operator="ours").status_code == 200
    assert provision(key=ours["agent_key"], operator="theirs").status_code == 403
    assert provision().status_code == 201  # and so does nobody


def test_an_expired_projects_name_can_be_minted_again(provision: Any) -> None:
    first = provision().json()
    Project.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = provision(key=first["agent_key"])

    assert answer.status_code == 201
    assert answer.json()["project_id"] != first["project_id"]
    assert provision(key=answer.json()["agent_key"]).status_code == 200
    assert Project.objects.count() == 2


def test_a_suspended_project_keeps_its_name_and_refuses_its_keys(provision: Any) -> None:
    minted = provision().json()
    Project.objects.update(state=Project.State.SUSPENDED)

    assert provision(key=minted["agent_key"]).status_code == 401
    assert Project.objects.count() == 1


def test_a_project_id_that_is_taken_is_not_given_twice(provision: Any, monkeypatch: Any) -> None:
    ids = iter(["acme-aaaaaaaa", "acme-aaaaaaaa", "acme-bbbbbbbb"])
    monkeypatch.setattr("tenants.keys.provisioning.new_project_id", lambda name: next(ids))

    given = [provision(operator=operator).json()["project_id"] for operator in ("one", "two")]

    assert given == ["acme-aaaaaaaa", "acme-bbbbbbbb"]


def test_minting_above_the_rate_is_a_429_with_retry_after(provision: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "2/h"

    answers = [provision(f"acme {number}") for number in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600
    assert answers[-1].json()["error"]["code"] == "rate_limited"
    assert Project.objects.count() == 2


def test_resuming_is_never_limited(provision: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "1/h"
    key = provision().json()["agent_key"]

    assert {provision(key=key).status_code for _ in range(10)} == {200}


def test_a_request_refused_for_its_shape_spends_nothing(provision: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "1/h"

    provision(name=None)

    assert provision().status_code == 201


def test_auto_graduation_mints_permanent_projects_that_keep_their_quota(
    provision: Any, settings: Any
) -> None:
    settings.PROVISION_AUTO_GRADUATE = True

    minted = provision().json()

    assert minted["graduated"] is True
    assert (minted["plan"], minted["expires_at"], minted["quota_spans"]) == (None, None, 5000)


def test_resuming_graduates_in_place(provision: Any, settings: Any) -> None:
    sandbox = provision().json()
    settings.PROVISION_AUTO_GRADUATE = True

    resumed = provision(key=sandbox["producer_key"]).json()

    assert (resumed["resumed"], resumed["graduated"]) == (True, True)
    assert (resumed["project_id"], resumed["plan"]) == (sandbox["project_id"], None)
    assert Project.objects.get().expires_at is None


def test_without_the_secret_nothing_graduates_and_there_is_no_recovery_code(
    provision: Any, settings: Any
) -> None:
    settings.PROVISION_AUTO_GRADUATE, settings.SIGNUP_UPGRADE_SECRET = True, ""

    minted = provision().json()

    assert (minted["graduated"], minted["plan"], minted["recovery_code"]) == (False, "sandbox", None)
    assert provision(key=minted["agent_key"]).json()["graduated"] is False


def test_a_race_for_one_name_makes_one_project(server: Server) -> None:
    def race(number: int) -> int:
        return server.call("POST", "/v1/provision", data={"project_name": "race"}).status

    with ThreadPoolExecutor(24) as threads:
        statuses = Counter(threads.map(race, range(48)))

    assert statuses[201] == 1
    assert set(statuses) <= {201, 401, 409}
    with sqlite3.connect(server.data_dir / "control.sqlite3") as control:
        names = control.execute("SELECT claimed_name FROM tenants_project WHERE name = 'race'").fetchall()
    control.close()
    assert names == [("race",)]


def test_the_loser_of_a_race_gets_a_409_that_says_how_to_resume(provision: Any, monkeypatch: Any) -> None:
    provision()
    monkeypatch.setattr(
        "tenants.keys.provisioning.claimed", lambda *question: None
    )  # the moment before the winner's commit

    answer = provision()

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "name_claimed"
    assert "Authorization: Bearer" in answer.json()["error"]["hint"]
    assert Project.objects.count() == 1


def test_a_producer_key_does_not_get_the_code_that_mints_agent_keys(call: Any, db: None) -> None:
    minted = call("POST", "/v1/provision", data={"project_name": "app"}).json()

    by_producer = call("POST", "/v1/provision", minted["producer_key"], {"project_name": "app"}).json()
    by_agent = call("POST", "/v1/provision", minted["agent_key"], {"project_name": "app"}).json()

    assert (by_producer["recovery_code"], by_agent["recovery_code"]) == (None, minted["recovery_code"])
