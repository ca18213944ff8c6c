"""An agent that has the tools alone is told which tool to call next; over HTTP, which path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.agents.tool_words import sentence_with_tools, with_tools
from diagnosis.agents.tools import TOOLS
from diagnosis.issues import plan_sentences
from diagnosis.loops import next_action
from diagnosis.models import Loop, WayOn
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import make_loop
from tests.security.approvals.failing_shop import diagnose, send_orders
from tests.telemetry.factory import record_id, request, span
from tests.tool_calls import call_tool

Call = Callable[..., Any]
ID = "loop_0123456789abcdef"
CALL = re.compile(r"(loopkit_[a-z_]+)((?: (?:with |its |and |loop_id |[a-z_]+=\S+))+)")
CALLED = re.compile("/v1/[a-z./]+")
# Where telemetry comes from, which no tool does; and the remedies of the ledger.
WITHOUT_TOOL = {"/v1/feedback", "/v1/traces", "/v1/ledger"}


def sentences() -> Iterator[str]:
    """Every next step and every sentence of plans, as an agent reads it."""
    for state in Loop.State:
        for verdict in ("", "improved", "unchanged"):
            for way_on in ("", *WayOn):
                loop = Loop(loop_id=ID, state=state, verdict=verdict, way_on=way_on, joined_to_id=ID)
                ways = next_action.WITHOUT_VERDICT if state == Loop.State.SHIPPED else next_action.WAYS_ON
                template = next_action.AFTER_VERDICT.get(verdict, next_action.NEXT[state])
                instead = next_action.instead_of_waiting(loop)
                template = f"{instead} {{ways_on}}" if instead else template
                yield template.format(id=ID, refused="", back="", joined_to=ID, ways_on=ways.format(id=ID))
    for reported in next_action.AFTER_REPORT:
        yield next_action.for_loop(Loop(loop_id=ID, state=Loop.State.APPROVED, reported=reported))
    yield next_action.after_handoff(Loop(loop_id=ID, state=Loop.State.APPROVED))
    yield from (next_action.for_packet(issues, opened) for issues, opened in ((0, 0), (1, 0), (1, 1)))
    for sentence in plan_sentences.SENTENCES:
        yield sentence.replace("<format>", "pytest").replace("<record_id>", "rec_" + "0a" * 24)


def test_every_next_step_that_a_tool_does_is_named_as_that_tool() -> None:
    named = {sentence_with_tools(sentence) for sentence in sentences()}

    assert {path for sentence in named for path in CALLED.findall(sentence)} <= WITHOUT_TOOL
    words = " ".join(named)
    assert {tool.name for tool in TOOLS if tool.name in words} >= {
        "loopkit_handoff", "loopkit_report", "loopkit_loops", "loopkit_verify", "loopkit_diagnose", "loopkit_telemetry",
        "loopkit_eval_spec",
    }  # fmt: skip


def test_each_argument_that_a_sentence_names_is_one_of_the_tool() -> None:
    arguments = {tool.name: set(tool.arguments().fields) for tool in TOOLS}

    named = {call for sentence in sentences() for call in CALL.findall(sentence_with_tools(sentence))}
    assert len(named) > 8
    for tool, given in named:
        assert set(re.findall(r"([a-z_]+)=", given)) <= arguments[tool], (tool, given)


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        (f"Poll GET /v1/loops/{ID}.", f"Poll loopkit_loops loop_id={ID}."),
        (
            f'Answer with POST /v1/loops/{ID}/events {{"kind": "answered", "note": "..."}}.',
            f"Answer with loopkit_report loop_id={ID} kind=answered note=....",
        ),
        ("No such loop. GET /v1/loops lists them.", "No such loop. loopkit_loops lists them."),
        ("GET /v1/ledger says why.", "GET /v1/ledger says why."),
        ("the operation GET /v2/loops", "the operation GET /v2/loops"),
    ],
)
def test_a_call_is_named_with_its_arguments(sentence: str, named: str) -> None:
    assert sentence_with_tools(sentence) == named


def test_what_telemetry_and_people_say_stays_as_it_is() -> None:
    said = {
        "text": {"operation": "GET /v1/loops"},
        "with": {"text": {"x": "GET /v1/loops"}},
        "question": "GET /v1/loops?",
    }

    assert with_tools({"rows": [said], "do": "GET /v1/loops"}) == {"rows": [said], "do": "loopkit_loops"}


def own_sentences(value: Any) -> Iterator[str]:
    """The texts of an answer that LoopKit itself says."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from own_sentences(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in ("text", "with"):
                yield from own_sentences(item)


@pytest.mark.parametrize("budget", [500, 3_000, 12_000])
def test_answers_of_tools_name_tools_within_their_budget(
    alice: MintedProject, call: Call, budget: int
) -> None:
    send_orders(call, alice)
    packet = diagnose(call, alice)
    loop_id, key = packet["issues"][0]["loop_id"], alice.keys["agent"]
    asked: list[tuple[str, dict[str, Any]]] = [
        ("loopkit_diagnose", {}),
        ("loopkit_issue", {"loop_id": loop_id}),
        ("loopkit_loops", {"loop_id": loop_id}),
        ("loopkit_loops", {}),
    ]
    for name, arguments in asked:
        answer = call_tool(call, key, name, budget=budget, **arguments)
        paths = {path for sentence in own_sentences(answer.content) for path in CALLED.findall(sentence)}
        assert paths <= WITHOUT_TOOL, (name, answer.text)
        assert len(answer.text) <= 2.5 * budget

    refused = call_tool(call, key, "loopkit_handoff", loop_id=loop_id)
    assert (refused.is_error, CALLED.findall(refused.text), "loopkit_loops" in refused.text) == (
        True,
        [],
        True,
    )


def test_answers_over_http_name_paths(alice: MintedProject, call: Call) -> None:
    loop = make_loop(alice.project)

    for query in ("", "?budget=3000"):
        answer = call("GET", f"/v1/loops/{loop.loop_id}{query}", alice.keys["agent"])
        assert f"GET /v1/loops/{loop.loop_id}" in answer.content.decode()


@pytest.mark.django_db
def test_calls_that_telemetry_names_stay_as_they_were_sent(alice: MintedProject, call: Call) -> None:
    said = f"then POST /v1/loops/{ID}/events now, and GET /v1/telemetry"
    failing = span(
        "GET /v1/loops", trace="t", id="a", at=timezone.now(), error=said, attributes={"session.id": "s"}
    )
    assert call("POST", "/v1/traces", alice.keys["producer"], request(failing)).status_code == 202
    record = record_id(failing)

    for tool, arguments in {
        "loopkit_sessions": {"session_id": "s"},
        "loopkit_telemetry": {"record_ids": [record], "detail": "full"},
        "loopkit_diagnose": {"since_minutes": 60},
    }.items():
        answer = call_tool(call, alice.keys["agent"], tool, **arguments)
        assert not answer.is_error, answer.text
        assert said in answer.text, tool
