"""POST /v1/feedback: a user's word about a session or a trace becomes a record like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from telemetry.models import Trace
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def say(call: Callable[..., Any], alice: MintedProject) -> Callable[..., Any]:
    """Feedback with alice's feedback key."""
    return lambda **said: call("POST", "/v1/feedback", alice.keys["feedback"], said)


@pytest.fixture
def record(call: Callable[..., Any], alice: MintedProject) -> Callable[[str], dict[str, Any]]:
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
    assert stored["session_id"] == "chat-7"
    assert stored["events"][0]["attributes"]["user.id"] == "u-1"
    assert stored["message"] == "It sent the wrong parcel."


def test_a_good_rating_is_not_a_failure(say: Callable[..., Any], record: Callable[..., Any]) -> None:
    answer = say(rating="up", comment="down to the last detail", session_id="chat-7")

    assert record(answer.json()["record_id"])["outcome"] == "ok"


@pytest.fixture
def answered(alice: MintedProject) -> dict[str, Any]:
    """A stored turn of a session, as a producer sent it."""
    now = timezone.now()
    said = {"session.id": "chat-7", "user.id": "u-1"}
    turn = span("chat", at=now, attributes=said, traceId=TRACE)
    store(alice.project, [turn], now)
    return turn


def test_feedback_on_a_trace_links_to_it_and_joins_its_session(
    say: Callable[..., Any], record: Callable[..., Any], answered: dict[str, Any]
) -> None:
    answer = say(rating="down", trace_id=TRACE.upper())

    stored = record(answer.json()["record_id"])
    assert [link["trace_id"] for link in stored["links"]] == [TRACE]
    assert (stored["session_id"], stored["service"]) == ("chat-7", "shop")


def test_whoever_finds_the_key_in_a_page_cannot_change_a_trace(
    say: Callable[..., Any], alice: MintedProject, answered: dict[str, Any]
) -> None:
    with bind(alice.project):
        before = Trace.objects.values().get()

    say(rating="down", trace_id=TRACE, session_id="!evil", user_id="!mallory", comment="x")

    with bind(alice.project):
        assert Trace.objects.values().get(trace_id=bytes.fromhex(TRACE)) == before


def test_the_same_signal_again_is_one_record_and_another_is_not(say: Callable[..., Any]) -> None:
    first = say(rating="down", session_id="chat-7", feedback_id="f-1").json()
    again = say(rating="down", session_id="chat-7", feedback_id="f-1").json()
    other = say(rating="down", session_id="chat-7", feedback_id="f-2").json()

    assert (first["duplicate"], again["duplicate"], other["duplicate"]) == (False, True, False)
    assert first["record_id"] == again["record_id"] != other["record_id"]


def test_feedback_is_limited_by_network(say: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_FEEDBACK_RATE = "2/h"

    answers = [say(rating="up", session_id=f"chat-{n}") for n in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[2].headers["Retry-After"]) > 0


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
def test_other_keys_cannot_send_feedback(call: Callable[..., Any], alice: MintedProject, kind: str) -> None:
    answer = call("POST", "/v1/feedback", alice.keys[kind], {"rating": "up", "session_id": "s"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


def test_a_used_quota_is_final(make_project: Callable[..., MintedProject], call: Callable[..., Any]) -> None:
    full = make_project(quota_spans=1)
    call("POST", "/v1/feedback", full.keys["feedback"], {"rating": "up", "session_id": "a"})

    answer = call("POST", "/v1/feedback", full.keys["feedback"], {"rating": "up", "session_id": "b"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "quota_exceeded")
