"""
Nothing from telemetry has a meaning in a promptfoo file; `make evals` runs the same values through promptfoo itself.

https://www.promptfoo.dev/docs/configuration/reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given

from diagnosis.evals.formats import promptfoo_config
from tests.module_data import ModuleData
from tests.security.hostile_project import RECORDED, build_hostile_project
from tests.security.hostile_values import hostile_texts, hostile_values

# What begins a template, a reference, a path, a URL, a loader or a mark-up of YAML.
ACTIVE = re.compile(r"[{}%#$&*!|>/:<@`~=+;()\[\]]")


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Callable[..., Any]) -> Iterator[ModuleData]:
    """The hostile project, diagnosed."""
    yield from build_module_data(lambda: build_hostile_project(call))


def document(values: list[Any]) -> dict[str, Any]:
    """A candidate with a case for each value, its output the value too."""
    cases = [
        {
            "record_id": f"rec_{number:048x}",
            "input": value,
            "output": value,
            "expected": None,
            "replayable": True,
        }
        for number, value in enumerate(values)
    ]
    return {
        "eval_id": "chat-v1", "title": str(values), "expectation": "It answers.", "cases": cases
    }  # fmt: skip


def config_of(document: dict[str, Any], signal: str = "llm_call_failed") -> Any:
    """The file for that signal, as a YAML parser reads it."""
    return yaml.load(promptfoo_config.render(document | {"signal_type": signal}), yaml.CSafeLoader)


def without_variables(config: Any) -> Any:
    """The file without its variables."""
    return config | {"tests": [case | {"vars": sorted(case["vars"])} for case in config["tests"]]}


@pytest.mark.parametrize("signal", ["llm_call_failed", "user_signal"])
def test_all_but_the_variables_is_the_same_whatever_was_recorded(signal: str) -> None:
    harmless = without_variables(config_of(document(["harmless"]), signal))

    @given(hostile_texts())
    def check(text: str) -> None:
        assert without_variables(config_of(document([text]), signal)) == harmless

    check()


@given(hostile_values())
def test_a_recorded_value_is_no_template_no_path_and_no_reference(value: Any) -> None:
    [case] = config_of(document([value]))["tests"]

    for recorded in case["vars"].values():
        assert isinstance(recorded, str)
        assert recorded.startswith('"')
        assert not ACTIVE.search(recorded)


@given(hostile_values())
def test_a_recorded_value_is_read_back_unchanged(value: Any) -> None:
    [case] = config_of(document([value]))["tests"]

    sent = json.loads(case["vars"]["input"])

    assert sent == value if isinstance(value, str) else json.loads(sent) == value


def test_every_text_of_a_hostile_project_is_data_in_the_file(
    module_data: ModuleData, call: Callable[..., Any], db: None
) -> None:
    minted, packet = module_data.built
    inputs = []
    for issue in packet["issues"]:
        path = f"/v1/evals/{issue['eval_candidate']}"
        recorded = call("GET", path, minted.keys["agent"]).json()["cases"][0]["input"]

        answer = call("GET", f"{path}?format=promptfoo", minted.keys["agent"])

        if answer.status_code == 400:
            assert answer.json()["error"]["code"] == "format_not_offered", answer.content
            continue
        config = yaml.load(answer.content, yaml.CSafeLoader)
        [test] = config["tests"]
        sent = json.loads(test["vars"]["input"])
        assert sent == recorded if isinstance(recorded, str) else json.loads(sent) == recorded
        assert not [text for text in test["vars"].values() if ACTIVE.search(text)]
        assert config["description"] == f"{issue['eval_candidate']}: 1 of 1 cases have an input"
        inputs.append(sent)
    assert len(inputs) > len(RECORDED) * 0.9
    assert any("range.constructor" in text for text in inputs)


def test_a_case_without_an_input_is_left_out_and_counted() -> None:
    made = document(["a", "b"])
    made["cases"][0] |= {"input": None, "replayable": False}

    config = config_of(made)

    assert [json.loads(test["vars"]["input"]) for test in config["tests"]] == ["b"]
    assert config["description"] == "chat-v1: 1 of 2 cases have an input"
