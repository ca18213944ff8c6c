"""What strangers wrote is in the answers of tools under `text` alone, with no hidden character in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from diagnosis.agents.tools import TOOLS
from diagnosis.display.hidden_characters import show_hidden
from loopkit.http.untrusted import WARNING
from tests.security.voice.canaries import CANARY, CanaryWorld
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
