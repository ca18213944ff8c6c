"""What strangers wrote is in the answers of tools under `text` alone, with no hidden character in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.utils import timezone

from diagnosis.agents.tools import TOOLS
from diagnosis.display.hidden_characters import show_hidden
from loopkit.http.untrusted import WARNING
from tenants.keys.provisioning import MintedProject
from tests.security.voice.canaries import CANARY, CanaryWorld
from tests.telemetry.factory import minutes, request, span
from tests.tool_calls import call_tool

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "loopkit_diagnose": [{}],
    "loopkit_issue": [{"cluster_id": "{cluster_id}", "budget": 12_000}, {"loop_id": "{loop_id}"}],
    "loopkit_telemetry": [
        {"record_ids": ["{record_id}"], "detail": "full"},
        {"detail": "summary", "budget": 12_000},
        {"detail": "full", "budget": 12_000, "outcome": "failure"},
        {},
    ],
    "loopkit_sessions": [{}, {"session_id": "{session_id}"}],
    "loopkit_loops": [{}, {"loop_id": "{loop_id}", "budget": 12_000}],
    "loopkit_handoff": [{"loop_id": "{loop_id}", "budget": 12_000}],
    "loopkit_eval_spec": [{"loop_id": "{loop_id}", "format": "json"}, {"cluster_id": "{cluster_id}"}],
    "loopkit_report": [{"kind": "shipped_corrected", "loop_id": "{loop_id}", "release": "zqreleasezq"}],
    "loopkit_verify": [{"loop_id": "{loop_id}"}],
}


def outside_text(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of each text and each name that does not stand under `text`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path} (names)", name
            if name != "text":
                yield from outside_text(inner, f"{path}.{name}")
    elif isinstance(value, list):
        # A row of a session has its texts last, as the column of that name.
        for inner in value[:-1] if path.endswith(".steps[]") else value:
            yield from outside_text(inner, f"{path}[]")
    elif isinstance(value, str):
        yield path, value


def filled(world: CanaryWorld, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the ids of the project."""

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        return value.format_map(world.ids) if isinstance(value, str) else value

    return {name: fill(value) for name, value in arguments.items()}


def test_every_tool_is_asked() -> None:
    assert ARGUMENTS.keys() == {tool.name for tool in TOOLS}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_stranger_is_under_text_only(name: str, world: CanaryWorld, call: Callable[..., Any]) -> None:
    for arguments in ARGUMENTS[name]:
        answer = call_tool(call, world.keys["agent"], name, **filled(world, arguments))

        assert not answer.is_error, answer.text
        assert [where for where, text in outside_text(answer.content) if CANARY.search(text)] == []
        assert show_hidden(answer.text) == answer.text
        assert orjson.loads(answer.text) == answer.content


@pytest.mark.parametrize("name", sorted(ARGUMENTS.keys() - {"loopkit_report", "loopkit_verify"}))
def test_answers_with_telemetry_say_that_it_is_untrusted(
    name: str, world: CanaryWorld, call: Callable[..., Any]
) -> None:
    for arguments in ARGUMENTS[name]:
        answer = call_tool(call, world.keys["agent"], name, **filled(world, arguments))

        assert CANARY.search(answer.text)
        assert answer.content["warning"] == WARNING


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("loopkit_issue", {"cluster_id": "zqclusterzq \u202e"}),
        ("loopkit_loops", {"state": "zqstatezq \u202e"}),
        ("loopkit_telemetry", {"record_ids": ["zqrecordzq \u202e"]}),
        ("loopkit_sessions", {"zqargumentzq \u202e": 1}),
        ("loopkit_handoff", {"loop_id": "zqloopzq/\u202e"}),
    ],
)
def test_errors_quote_arguments_as_values(
    name: str, arguments: dict[str, Any], world: CanaryWorld, call: Callable[..., Any]
) -> None:
    answer = call_tool(call, world.keys["agent"], name, **arguments)

    assert answer.is_error
    error = orjson.loads(answer.text)
    assert error["code"]
    assert error["hint"]
    assert [where for where, text in outside_text(error) if CANARY.search(text)] == []
    assert show_hidden(answer.text) == answer.text


HIDDEN_ATTRIBUTES = {f"\u202ekey{number}" * 9: "\u202e\u200b" * 900 for number in range(90)}


@pytest.mark.parametrize("tokens", [500, 800, 2_000, 12_000])
def test_hostile_telemetry_fits_in_the_budget(
    tokens: int, alice: MintedProject, call: Callable[..., Any]
) -> None:
    now, key = timezone.now() - minutes(5), alice.keys["agent"]
    many = {f"attribute{number:04}": "v" * 300 for number in range(900)}
    for number, attributes in enumerate((HIDDEN_ATTRIBUTES, many, {"session.id": "\u202e" * 400})):
        spans = [
            span(
                "op\u202e" * 90, trace=f"{number}{n}", at=now, error="bad\u202e" * 700, attributes=attributes
            )
            for n in range(3)
        ]
        sent = request(*spans, resource={"service.name": "svc\u202e" * 90})
        assert call("POST", "/v1/traces", alice.keys["producer"], sent).status_code == 202
    found = call_tool(call, key, "loopkit_diagnose", budget=12_000).content["issues"]
    records = call_tool(call, key, "loopkit_telemetry", budget=12_000).content["records"]
    ids = [record["record_id"] for record in records]
    asked: list[tuple[str, dict[str, Any]]] = [
        *(("loopkit_telemetry", {"record_ids": [each], "detail": "full"}) for each in ids[::3]),
        ("loopkit_telemetry", {"detail": "summary"}),
        ("loopkit_sessions", {}),
        ("loopkit_diagnose", {}),
        ("loopkit_loops", {}),
        *(("loopkit_loops", {"loop_id": each["loop_id"]}) for each in found),
        *(("loopkit_issue", {"cluster_id": each["cluster_id"]}) for each in found),
        *(("loopkit_eval_spec", {"cluster_id": each["cluster_id"]}) for each in found),
    ]

    answers = [(name, call_tool(call, key, name, **arguments, budget=tokens)) for name, arguments in asked]

    assert {name: answer.text for name, answer in answers if answer.is_error} == {}
    sizes = {(name, number): len(answer.text) for number, (name, answer) in enumerate(answers)}
    assert {place: size for place, size in sizes.items() if size > 2.5 * tokens} == {}
    assert max(sizes.values()) <= 48_000
