"""No answer that carries a key, or that was asked for with one, may be stored by a cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.notices import feed_keys
from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject
from tests.security.url_paths import filled_paths
from tests.staff_clients import signed_in
from tests.tenants.stores.test_project_file import SPANS

METHODS = ("GET", "POST", "OPTIONS")


def bearer(client: Client, kind: str, keys: dict[str, str]) -> dict[str, str]:
    """The header of a request with that kind of key."""
    return {"HTTP_AUTHORIZATION": f"Bearer {keys[kind]}"}


@pytest.mark.parametrize("kind", ["agent", "feed", "wrong"])
def test_nothing_that_was_asked_for_with_a_key_is_stored(alice: MintedProject, kind: str) -> None:
    from django.utils import timezone

    feed, _ = feed_keys.mint_feed_key(alice.project.tenant, "hers", timezone.now())
    keys = alice.keys | {"feed": feed, "wrong": "lk_agent_wrong"}
    client = Client(raise_request_exception=False)

    storable = [
        (method, path)
        for path in [*filled_paths(), "/v1/nowhere", "/nowhere"]
        for method in METHODS
        if "no-store"
        not in ask(client, method, path, **bearer(client, kind, keys)).headers.get("Cache-Control", "")
    ]

    assert storable == []
    assert len(filled_paths()) > 100


def ask(client: Client, method: str, path: str, **headers: str) -> Any:
    """The answer to a request with a body of JSON."""
    return client.generic(method, path, b"{}", content_type="application/json", **headers)


def test_answers_that_mint_or_recover_keys_are_not_stored(
    db: None, settings: Any, call: Callable[..., Any]
) -> None:
    provisioned = call("POST", "/v1/provision", data={"project_name": "shop"})
    resumed = call("POST", "/v1/provision", provisioned.json()["agent_key"], {"project_name": "shop"})
    signed_up = call("POST", "/v1/signup")
    project_id = signed_up.json()["project_id"]
    code = credentials.recovery_code(settings.SIGNUP_UPGRADE_SECRET, project_id)
    recovered = call("POST", "/v1/recover", data={"project_id": project_id, "recovery_code": code})
    refused = call("POST", "/v1/recover", data={"project_id": project_id, "recovery_code": "x"})
    sent = call("POST", "/v1/traces", recovered.json()["producer_key"], SPANS)

    answers = [provisioned, resumed, signed_up, recovered, refused, sent]
    assert [answer.status_code for answer in answers] == [201, 200, 201, 200, 403, 202]
    assert [answer["Cache-Control"] for answer in answers] == ["no-store"] * 6


def test_no_page_of_a_session_is_stored(alice: MintedProject, django_user_model: type[User]) -> None:
    staff = signed_in(User.objects.create_superuser("olga"))
    visitor = Client()
    visitor.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})

    storable = [
        path
        for path in filled_paths()
        for browser in (staff, visitor)
        if "no-store" not in browser.get(path).headers.get("Cache-Control", "")
    ]

    assert storable == []


def test_public_documents_are_stored_by_caches_when_nobody_is_named(db: None, settings: Any) -> None:
    settings.LOOPKIT_PUBLIC_URL = "https://loopkit.example.com"

    assert "public" in Client().get("/llms.txt")["Cache-Control"]
