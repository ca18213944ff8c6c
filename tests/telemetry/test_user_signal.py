"""POST /v1/feedback: a user's word about a session or a trace becomes a record like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenants.provisioning import Minted

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def say(call: Callable[..., Any], alice: Minted) -> Callable[..., Any]:
    """Feedback with alice's feedback key."""
    return lambda **said: call("POST", "/v1/feedback", alice.keys["feedback"], said)


@pytest.fixture
def record(call: Callable[..., Any], alice: Minted) -> Callable[[str], dict[str, Any]]:
    """A record by id, as an agent reads it."""

    def read(record_id: str) -> dict[str, Any]:
        answer = call("GET", f"/v1/telemetry?record_id={record_id}", alice.keys["agent"])
        return dict(answer.json()["records"][0])

    return read


def test_a_bad_rating_is_a_failure_of_its_session(
    say: Callable[..., Any], record: Callable[..., Any]
) -> None:
    answer = say(rating="down", comment="It sent the wrong parcel.", session_id="chat-7", user_id="u-1")

    assert answer.status_code == 202
    stored = record(answer.json()["record_id"])
    assert (stored["signal_type"], stored["outcome"]) == ("user_signal", "failure")
    assert (stored["session_id"], stored["user_id"]) == ("chat-7", "u-1")
    assert stored["message"] == "It sent the wrong parcel."


def test_a_good_rating_is_not_a_failure(say: Callable[..., Any], record: Callable[..., Any]) -> None:
    answer = say(rating="up", comment="down to the last detail", session_id="chat-7")

    assert record(answer.json()["record_id"])["outcome"] == "ok"


def test_feedback_on_a_trace_belongs_to_that_trace(
    say: Callable[..., Any], record: Callable[..., Any]
) -> None:
    answer = say(rating="down", trace_id=TRACE.upper())

    assert record(answer.json()["record_id"])["trace_id"] == TRACE


def test_the_same_words_about_the_same_session_are_one_record(say: Callable[..., Any]) -> None:
    first = say(rating="down", comment="No.", session_id="chat-7").json()
    again = say(rating="down", comment="No.", session_id="chat-7").json()

    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["record_id"] == again["record_id"]


@pytest.mark.parametrize(
    "said",
    [
        {"rating": "down"},
        {"rating": "5", "session_id": "chat-7"},
        {"session_id": "chat-7"},
        {"rating": "down", "trace_id": "xyz"},
        {"rating": "down", "trace_id": "0" * 32},
        {"rating": "down", "session_id": 7 * ["x"]},
    ],
)
def test_what_is_no_feedback_is_refused_by_field(say: Callable[..., Any], said: dict[str, Any]) -> None:
    answer = say(**said)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"


def test_a_page_on_another_site_may_send_feedback(call: Callable[..., Any]) -> None:
    asked = call(
        "OPTIONS", "/v1/feedback", Origin="https://shop.example", **{
            "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type",
        },
    )  # fmt: skip

    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in asked.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("kind", ["agent", "producer"])
def test_other_keys_cannot_send_feedback(call: Callable[..., Any], alice: Minted, kind: str) -> None:
    answer = call("POST", "/v1/feedback", alice.keys[kind], {"rating": "up", "session_id": "s"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


def test_a_used_quota_is_final(make_project: Callable[..., Minted], call: Callable[..., Any]) -> None:
    full = make_project(quota_spans=1)
    call("POST", "/v1/feedback", full.keys["feedback"], {"rating": "up", "session_id": "a"})

    answer = call("POST", "/v1/feedback", full.keys["feedback"], {"rating": "up", "session_id": "b"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "quota_exceeded")
