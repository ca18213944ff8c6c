"""A key is checked with one query, never cached, and stops working at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from tenants.keys import authentication, credentials
from tenants.keys.authentication import LAST_USED_STEP
from tenants.keys.provisioning import MintedProject, add_key
from tenants.models import Key, Project


@pytest.fixture
def now() -> datetime:
    """The moment of the test."""
    return timezone.now()


def test_a_key_is_its_projects_principal(alice: MintedProject, now: datetime) -> None:
    principal = authentication.authenticate(alice.keys["agent"], now)

    assert principal.project == alice.project
    assert principal.has_scope("telemetry:read")
    assert not principal.has_scope("telemetry:write")


def test_a_mistyped_key_costs_no_query(
    alice: MintedProject, now: datetime, django_assert_num_queries: Any
) -> None:
    raw = alice.keys["agent"]
    mistyped = raw[:-10] + ("x" if raw[-10] != "x" else "y") + raw[-9:]

    with django_assert_num_queries(0), pytest.raises(AuthenticationFailed):
        authentication.authenticate(mistyped, now)


def test_a_check_is_one_query_and_no_slow_hash(
    alice: MintedProject, now: datetime, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    authentication.authenticate(alice.keys["agent"], now)
    monkeypatch.delattr("hashlib.pbkdf2_hmac")
    monkeypatch.delattr("hashlib.scrypt")

    with django_assert_num_queries(1):
        principal = authentication.authenticate(alice.keys["agent"], now)
        assert principal.project.tenant_id == "sandbox"


@pytest.mark.django_db
def test_a_well_formed_key_that_nobody_made_is_refused(now: datetime) -> None:
    with pytest.raises(AuthenticationFailed, match="Unknown"):
        authentication.authenticate(credentials.new_key(Key.Kind.AGENT), now)


def test_a_revoked_key_stops_at_once(alice: MintedProject, now: datetime) -> None:
    authentication.authenticate(alice.keys["agent"], now)
    Key.objects.filter(kind=Key.Kind.AGENT).update(revoked_at=now)

    with pytest.raises(AuthenticationFailed, match="revoked"):
        authentication.authenticate(alice.keys["agent"], now)


def test_an_expired_key_stops_at_its_second(alice: MintedProject, now: datetime) -> None:
    raw = add_key(alice.project, Key.Kind.AGENT, now, expires_at=now + timedelta(hours=1))

    assert authentication.authenticate(raw, now + timedelta(minutes=59))
    with pytest.raises(AuthenticationFailed, match="expired"):
        authentication.authenticate(raw, now + timedelta(hours=1))


@pytest.mark.parametrize(
    "change",
    [{"state": Project.State.SUSPENDED}, {"expires_at": datetime.fromisoformat("2020-01-01T00:00Z")}],
)
def test_the_keys_of_a_dead_project_stop_at_once(alice: MintedProject, now: datetime, change: Any) -> None:
    authentication.authenticate(alice.keys["producer"], now)
    Project.objects.update(**change)

    with pytest.raises(AuthenticationFailed, match="suspended"):
        authentication.authenticate(alice.keys["producer"], now)


def test_the_last_use_is_written_every_ten_minutes_at_most(
    alice: MintedProject, now: datetime, django_assert_num_queries: Any
) -> None:
    key = Key.objects.get(kind=Key.Kind.AGENT)
    authentication.authenticate(alice.keys["agent"], now)

    for step in (timedelta(0), timedelta(minutes=5), LAST_USED_STEP - timedelta(seconds=1)):
        with django_assert_num_queries(1):
            authentication.authenticate(alice.keys["agent"], now + step)
    key.refresh_from_db()
    assert key.last_used_at == now

    authentication.authenticate(alice.keys["agent"], now + LAST_USED_STEP)
    key.refresh_from_db()
    assert key.last_used_at == now + LAST_USED_STEP


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer%20{}", "bearer%20{}"])
def test_the_scheme_is_read_as_clients_write_it(call: Any, alice: MintedProject, form: str) -> None:
    header = form.format(alice.keys["agent"])

    answer = call("POST", "/v1/signup/upgrade", data={"code": "wrong"}, Authorization=header)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic dXNlcjpwYXNz", "Bearer nonsense", "Bearer \xff\xfe", "%00"]
)
@pytest.mark.django_db
def test_any_other_header_is_a_401_with_the_way_to_a_key(call: Any, header: str) -> None:
    answer = call("POST", "/v1/signup/upgrade", data={"code": "x"}, Authorization=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="loopkit"'
    assert "/v1/" in answer.json()["error"]["hint"]


def test_a_refusal_repeats_no_key(call: Any, alice: MintedProject) -> None:
    mistyped = alice.keys["agent"][:-1] + "!"

    answer = call("POST", "/v1/signup/upgrade", mistyped, {"code": "x"})

    assert mistyped[12:30] not in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("/v1/traces", "lk_ingest_"), ("/v1/runs/diagnose", "lk_agent_"), ("/v1/feedback", "lk_feedback_")],
)
@pytest.mark.django_db
def test_a_feed_key_is_named_with_the_key_that_the_path_wants(call: Any, path: str, wanted: str) -> None:
    answer = call("POST", path, credentials.fresh(credentials.FEED_PREFIX), {})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="loopkit"'
    assert "This is a feed key" in answer.content.decode()
    assert f"it begins with {wanted}" in answer.content.decode()


@pytest.mark.django_db
def test_half_a_key_is_named_by_its_kind(call: Any) -> None:
    answer = call("POST", "/v1/runs/diagnose", credentials.new_key(Key.Kind.AGENT)[:-3], {})

    assert answer.json()["error"]["message"] == "This is not a whole agent key: it is mistyped or truncated."
