"""
Nothing from telemetry has a meaning in a promptfoo file; `make evals` runs the same values through promptfoo itself.

https://www.promptfoo.dev/docs/configuration/reference/
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given

from diagnosis.evals.formats import promptfoo_config
from loopkit.http.untrusted import WARNING
from tests.security.exports.hostile_values import hostile_texts, hostile_values

# What begins a template, a reference, a path, a URL, a loader or a mark-up of YAML.
ACTIVE = re.compile(r"[{}%#$&*!|>/:<@`~=+;()\[\]]")


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


def test_a_case_without_an_input_is_left_out_and_counted() -> None:
    made = document(["a", "b"])
    made["cases"][0] |= {"input": None, "replayable": False}

    config = config_of(made)

    assert [json.loads(test["vars"]["input"]) for test in config["tests"]] == ["b"]
    assert config["description"] == f"{WARNING} eval_d107bf2cb3ce: 1 of 2 cases have an input"
