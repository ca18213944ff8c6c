"""Who may send spans, and in which spellings a key comes: https://www.rfc-editor.org/rfc/rfc6750#section-2.1"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tenants.keys.provisioning import MintedProject
from tests.server import Server
from tests.telemetry.answers import counts, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf
from tests.telemetry.otlp_requests import CONTENT_TYPES, NOW, spans

ONE = spans(1)
BODIES = {JSON: json.dumps(ONE).encode(), PROTOBUF: protobuf(ONE)}


@CONTENT_TYPES
@pytest.mark.parametrize("authorization", [None, "Bearer lk_ingest_nonsense", "Basic eDp5", "Bearer", "\xe9"])
def test_r9_without_a_good_key_it_is_401(
    call: Callable[..., Any], db: None, content_type: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = call(
        "POST", "/v1/traces", data=BODIES[content_type], **{"Content-Type": content_type}, **headers
    )

    assert (answer.status_code, status(answer)[0]) == (401, 16)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@CONTENT_TYPES
def test_r9_an_expired_project_is_401(
    call: Callable[..., Any], make_project: Callable[..., MintedProject], content_type: str
) -> None:
    expired = make_project(expires_at=NOW - timedelta(days=1))

    answer = call(
        "POST", "/v1/traces", expired.keys["producer"], BODIES[content_type], **{"Content-Type": content_type}
    )

    assert (answer.status_code, status(answer)[0]) == (401, 16)
    assert "expired" in status(answer)[1]


@CONTENT_TYPES
def test_r9_a_revoked_key_is_401(send: Callable[..., Any], alice: MintedProject, content_type: str) -> None:
    alice.project.keys.update(revoked_at=NOW)

    answer = send(BODIES[content_type], content_type)

    assert (answer.status_code, status(answer)[0]) == (401, 16)


@CONTENT_TYPES
@pytest.mark.parametrize("kind", ["agent", "feedback"])
def test_r9_another_kind_of_key_is_403(
    call: Callable[..., Any], alice: MintedProject, content_type: str, kind: str
) -> None:
    answer = call(
        "POST", "/v1/traces", alice.keys[kind], BODIES[content_type], **{"Content-Type": content_type}
    )

    assert (answer.status_code, status(answer)[0]) == (403, 7)


@pytest.mark.parametrize(
    "scheme", ["Bearer ", "bearer ", "BEARER  ", "  Bearer ", "Bearer%20", "bearer%20", "%20Bearer%20%20"]
)
@pytest.mark.parametrize("end", ["", "  ", "%20"])
def test_r9_the_scheme_is_read_in_every_spelling_that_clients_send(
    call: Callable[..., Any], alice: MintedProject, scheme: str, end: str
) -> None:
    answer = call("POST", "/v1/traces", data=ONE, Authorization=scheme + alice.keys["producer"] + end)

    assert counts(answer) == (1, 0, 0)


@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION", "aUTHORIZATION"])
def test_r9_headers_are_read_in_any_case(server: Server, name: str) -> None:
    key = server.provision(f"header {name}")["producer_key"]

    answer = server.call(
        "POST", "/v1/traces", data=BODIES[JSON], **{name: f" Bearer%20{key} ", "CONTENT-TYPE": JSON}
    )

    assert (answer.status, answer.headers["x-loopkit-accepted"]) == (202, "1")
