"""An error holds nothing that its client sent, but for a name beside the sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tenants.keys.provisioning import MintedProject
from tests.security.voice.canaries import CANARY, canary
from tests.security.voice.test_canary_walk import misplaced

WORD = canary("sent")
IN_URL = quote(WORD, safe="")
REQUESTS = {
    "a name in the query": ("GET", f"/v1/telemetry?{IN_URL}=1", None, {}),
    "a name in the body": ("POST", "/v1/runs/diagnose", {WORD: 1}, {}),
    "a choice": ("GET", f"/v1/telemetry?outcome={IN_URL}", None, {}),
    "a number": ("GET", f"/v1/telemetry?limit={IN_URL}", None, {}),
    "a time": ("GET", f"/v1/telemetry?until={IN_URL}", None, {}),
    "an id": ("GET", f"/v1/telemetry?trace_id={IN_URL}", None, {}),
    "a cursor": ("GET", f"/v1/sessions?cursor={IN_URL}", None, {}),
    "a session": ("GET", f"/v1/sessions/{IN_URL}", None, {}),
    "a path": ("GET", f"/v1/{IN_URL}", None, {}),
    "a schema": ("GET", f"/schema/{IN_URL}.json", None, {}),
    "a loop": ("GET", "/v1/loops/zqsentzq", None, {}),
    "an eval": ("GET", "/v1/evals/zqsentzq", None, {}),
    "a kind of event": ("POST", "/v1/loops/loop_1/events", {"kind": WORD}, {}),
    "a decision": ("POST", "/v1/loops/loop_1/events", {"kind": "\tApprove "}, {}),
    "a rating": ("POST", "/v1/feedback", {"rating": WORD, "session_id": "s"}, {}),
    "a loop to verify": ("POST", "/v1/runs/verify", {"loop_id": WORD[:20]}, {}),
    "no JSON": ("POST", "/v1/runs/diagnose", f'{{"{WORD}'.encode(), {}),
    "a method": ("ZQSENTZQ", "/v1/loops", None, {}),
    "a type": ("POST", "/v1/runs/diagnose", {}, {"Content-Type": "application/zqsentzq"}),
    "an encoding": ("POST", "/v1/runs/diagnose", {}, {"Content-Encoding": "zqsentzq"}),
    "a key": ("GET", "/v1/loops", None, {"Authorization": "Bearer zqsentzq"}),
    "an origin": ("POST", "/dashboard/sign-in", {}, {"Origin": "https://zqsentzq.example"}),
}


@pytest.fixture(scope="module")
def module_data() -> None:
    """Nothing is there beforehand."""


@pytest.mark.parametrize("what", REQUESTS)
def test_an_error_does_not_repeat_what_was_sent(
    what: str, alice: MintedProject, call: Callable[..., Any]
) -> None:
    method, path, body, headers = REQUESTS[what]
    key = "" if "Authorization" in headers else alice.keys["feedback" if "feedback" in path else "agent"]

    answer = call(method, path, key, body, **headers)

    assert 400 <= answer.status_code < 500
    if "json" in answer.headers["Content-Type"]:
        assert misplaced(answer.json()) == []
    else:
        assert not CANARY.search(answer.content.decode())


OTLP = {
    "no JSON": (b'{"zqsentzq', {}),
    "a word for a number": (
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"zqsentzq"}]}]}]}',
        {},
    ),
    "a word for an id": (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zqsentzq"}]}]}]}', {}),
    "a word for a kind": (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"zqsentzq"}]}]}]}', {}),
    "a word for a list": (b'{"resourceSpans":"zqsentzq"}', {}),
    "an encoding": (b"{}", {"Content-Encoding": "zqsentzq"}),
    "a type": (b"{}", {"Content-Type": "application/zqsentzq"}),
    "protobuf": (b"zqsentzq", {"Content-Type": "application/x-protobuf"}),
}


@pytest.mark.parametrize("what", OTLP)
def test_a_refusal_of_spans_does_not_repeat_them(
    what: str, alice: MintedProject, call: Callable[..., Any]
) -> None:
    body, headers = OTLP[what]

    answer = call("POST", "/v1/traces", alice.keys["producer"], body, **headers)

    assert not CANARY.search(answer.content.decode("utf-8", "replace"))


def test_the_one_name_that_helps_stands_beside_the_sentence(
    alice: MintedProject, call: Callable[..., Any]
) -> None:
    error = call("GET", "/v1/telemetry?sinceminutes=5", alice.keys["agent"]).json()["error"]

    assert error["message"] == "Unknown parameter: {name}."
    assert error["with"] == {"text": {"name": "sinceminutes"}}
    assert "since_minutes" in error["hint"]
