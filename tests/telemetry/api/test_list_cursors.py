"""A cursor goes on with the list that it came from, and with no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from tenants.keys.provisioning import MintedProject
from tests.telemetry import factory
from tests.telemetry.factory import minutes, span

PATHS = ("/v1/telemetry", "/v1/sessions", "/v1/sessions/s")
UNTIL = "2026-01-31T12:00:00.123456Z"
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"since_minutes": 30},
    {"since_minutes": 30, "until": UNTIL},
    {"environment": "prod"},
    {"service": "shop", "outcome": "ok", "until": UNTIL},
]
WINDOW = {"since_minutes", "until"}

Get = Callable[..., Any]


@pytest.fixture
def get(call: Any) -> Get:
    """`get(path, key, limit=1)`: the answer."""

    def send(path: str, minted: MintedProject, **query: Any) -> Any:
        return call("GET", f"{path}?{urlencode(query)}", minted.keys["agent"])

    return send


def store_three(minted: MintedProject, path: str, until: datetime) -> None:
    """Three traces before that time: three sessions for the list of sessions, else one."""
    resource = {"service.name": "shop", "deployment.environment.name": "prod"}
    spans = [
        span(trace=n, at=until - minutes(n), attributes={"session.id": f"s{n}" if path == PATHS[1] else "s"})
        for n in range(1, 4)
    ]
    factory.store(minted.project, spans, timezone.now(), resource=resource)


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_a_cursor_answers_the_same_question_only(
    get: Get, alice: MintedProject, charlie: MintedProject, path: str, asked: dict[str, Any]
) -> None:
    if path == PATHS[2]:
        asked = {name: value for name, value in asked.items() if name in WINDOW}
    until = datetime.fromisoformat(asked["until"]) if "until" in asked else timezone.now()
    for minted in (alice, charlie):
        store_three(minted, path, until)
    first = get(path, alice, limit=1, **asked).json()
    cursor = first["next_cursor"]

    again = get(path, alice, limit=2, cursor=cursor, **asked).json()
    without_window = {name: value for name, value in asked.items() if name not in WINDOW}
    bare = get(path, alice, limit=2, cursor=cursor, **without_window).json()

    assert again == bare
    assert (again["count"], again["window"]) == (2, first["window"])
    others = [asked | {"since_minutes": 29}, asked | {"until": "2026-01-31T12:00:00.123457Z"}]
    others += [asked | {"environment": "staging"}, asked | {"record_id": "rec_" + "a" * 48}]
    others += [
        {name: value for name, value in asked.items() if name != left_out} for left_out in without_window
    ]
    answers = [get(path, alice, cursor=cursor, **other) for other in others]
    answers += [
        get(elsewhere, alice, cursor=cursor, **asked) for elsewhere in {*PATHS, "/v1/sessions/t"} - {path}
    ]
    answers.append(get(path, charlie, cursor=cursor, **asked))
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) in {
            (400, "invalid"),
            (400, "unknown_parameter"),
        }
    assert "the same filters, window and project" in answers[-1].json()["error"]["hint"]
