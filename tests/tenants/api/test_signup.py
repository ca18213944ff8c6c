"""POST /v1/signup: a fresh sandbox project each call."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.models import Project
from tests.tenants.api.test_provision import KEYS, SIGNUP_SHAPE

pytestmark = pytest.mark.django_db


def test_signing_up_answers_201_with_exactly_the_signup_shape(call: Any) -> None:
    answer = call("POST", "/v1/signup", data={"project_name": "acme"})

    assert answer.status_code == 201
    assert set(answer.json()) == SIGNUP_SHAPE
    assert all(answer.json()[name] for name in KEYS)


def test_each_call_makes_another_project(call: Any) -> None:
    answers = [call("POST", "/v1/signup", data={"project_name": "acme"}).json() for _ in range(2)]

    assert answers[0]["project_id"] != answers[1]["project_id"]
    assert Project.objects.count() == 2


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_the_name_may_be_left_out(call: Any, body: bytes) -> None:
    answer = call("POST", "/v1/signup", data=body)

    assert answer.status_code == 201
    assert answer.json()["project_name"] == "project"


def test_a_signup_claims_no_name(call: Any) -> None:
    call("POST", "/v1/signup", data={"project_name": "acme"})

    assert call("POST", "/v1/provision", data={"project_name": "acme"}).status_code == 201


def test_a_name_of_no_latin_letters_still_makes_an_id_for_urls(call: Any) -> None:
    minted = call("POST", "/v1/signup", data={"project_name": "日本語/../"}).json()

    assert minted["project_name"] == "日本語/../"
    assert minted["project_id"].startswith("project-")


@pytest.mark.parametrize("name", [7, None, "", [], "x" * 121])
def test_a_bad_name_is_a_400(call: Any, name: Any) -> None:
    assert call("POST", "/v1/signup", data={"project_name": name}).status_code == 400


def test_signing_up_above_the_rate_is_a_429(call: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "1/h"

    statuses = [call("POST", "/v1/signup").status_code for _ in range(2)]

    assert statuses == [201, 429]


def test_an_id_that_is_taken_is_not_a_500(call: Any, monkeypatch: Any) -> None:
    ids = iter(["acme-aaaaaaaa", "acme-aaaaaaaa", "acme-bbbbbbbb"])
    monkeypatch.setattr("tenants.keys.provisioning.new_project_id", lambda name: next(ids))

    assert [call("POST", "/v1/signup").status_code for _ in range(2)] == [201, 201]
