"""
The eval of each signal, from spans to the file that runs: it fails against code with the failure, and passes without.

The signals and formats are those of their registries, so that a new one without an example fails here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.evals.formats import FORMATS, RUNNERS
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.eval_results import RESULTS
from tests.diagnosis.evals.recorded_failures import QUESTION, RECORDED
from tests.security.approvals.failing_shop import diagnose
from tests.telemetry.factory import request, trace_id

SLOW = 0.5  # seconds, of recorded calls that took 0.4 and were to take 0.04
# A program that has the failure, and one that has not. Each needs what was recorded of the call.
TARGET = """
import json, time

def run(case):
    assert case["input"], "the case has no input"
    time.sleep({seconds})
    return json.loads({result!r})
"""


@pytest.fixture
def found(alice: MintedProject, call: Callable[..., Any]) -> Callable[[str], dict[str, Any]]:
    """`found(signal)`: the issue of a failure of that signal."""

    def send(signal: str) -> dict[str, Any]:
        spans = list(RECORDED[signal]())
        assert call("POST", "/v1/traces", alice.keys["producer"], request(*spans)).status_code == 202
        [issue] = [issue for issue in diagnose(call, alice)["issues"] if issue["signal_type"] == signal]
        return dict(issue)

    return send


@pytest.fixture
def read(alice: MintedProject, call: Callable[..., Any]) -> Callable[[str, str], Any]:
    """`read(eval_id, format)`: the answer with the file."""
    return lambda eval_id, form: call("GET", f"/v1/evals/{eval_id}?format={form}", alice.keys["agent"])


def run_pytest(folder: Path, content: bytes, result: Any, seconds: float, **environment: str) -> Any:
    """The ended run of the file against a target that returns the result."""
    (folder / "test_eval.py").write_bytes(content)
    (folder / "target.py").write_text(TARGET.format(result=json.dumps(result), seconds=seconds))
    variables = {
        "EVAL_TARGET": "target", "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_eval.py"]
    return subprocess.run(
        command, cwd=folder, env=os.environ | variables | environment, capture_output=True, text=True
    )


def failed_by_its_check(said: str) -> bool:
    """Whether every test failed by what the check of the signal says, and by nothing else."""
    other = ("TypeError", "the case has no input", "no arguments", "does not say", "return what the repeated")
    return ">       assert not problem" in said and not any(word in said for word in other)


@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_the_pytest_file_fails_first_and_passes_once_it_is_mended(
    signal: str, found: Any, read: Any, tmp_path: Path
) -> None:
    issue = found(signal)
    answer = read(issue["eval_candidate"], "pytest")
    if hasattr(ALL_SIGNALS[signal], "NO_EVAL_CHECK"):
        assert answer.json()["error"]["code"] == "format_not_offered"
        return
    examples = RESULTS[signal]
    cases = read(issue["eval_candidate"], "json").json()["cases"]

    with_it = run_pytest(tmp_path, answer.content, examples.failing, SLOW if examples.failing_seconds else 0)
    without = run_pytest(tmp_path, answer.content, examples.healthy, 0)

    assert f"{len(cases)} failed" in with_it.stdout, with_it.stdout
    assert failed_by_its_check(with_it.stdout), with_it.stdout
    assert f"{len(cases)} passed" in without.stdout, without.stdout


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_every_file_has_the_inputs_and_each_once(signal: str, form: str, found: Any, read: Any) -> None:
    issue = found(signal)
    cases = read(issue["eval_candidate"], "json").json()["cases"]
    inputs = [json.dumps(case["input"]) for case in cases]

    answer = read(issue["eval_candidate"], form)

    assert inputs
    assert "null" not in inputs
    assert len(set(inputs)) == len(inputs)
    assert all(case["result_form"] == ALL_SIGNALS[signal].RESULT_FORM for case in cases)
    if answer.status_code == 400:
        assert form in RUNNERS
        assert answer.json()["error"]["code"] == "format_not_offered"
    elif form == "promptfoo":
        tests = json.loads(answer.content)["tests"]
        assert [test["description"] for test in tests] == [case["record_id"] for case in cases]
        assert all(test["assert"] and json.loads(test["vars"]["input"]) for test in tests)


@pytest.mark.parametrize("signal", [name for name, each in ALL_SIGNALS.items() if each.IN_OUTPUT == "error"])
def test_the_rules_of_promptfoo_fail_first_and_pass_once_it_is_mended(
    signal: str, found: Any, read: Any
) -> None:
    answer = read(found(signal)["eval_candidate"], "promptfoo")
    if answer.status_code == 400:
        assert "No input was recorded" in answer.json()["error"]["message"]  # attributes are no prompt
        return
    for test in json.loads(answer.content)["tests"]:
        rules = [each["value"] for each in test["assert"]]
        assert not all(by_node(rules, as_output(RESULTS[signal].failing), test["vars"]))
        assert all(by_node(rules, as_output(RESULTS[signal].healthy), test["vars"]))


def as_output(result: Any) -> str:
    """The text that promptfoo has of a result."""
    return result if isinstance(result, str) else json.dumps(result)


def by_node(rules: list[str], output: str, variables: dict[str, Any]) -> list[bool]:
    """What each assertion of a promptfoo file says of the output."""
    program = (
        f"const output = {json.dumps(output)}, context = {{vars: {json.dumps(variables)}}};"
        f"console.log(JSON.stringify([{', '.join(f'Boolean({rule})' for rule in rules)}]));"
    )
    ended = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    return list(json.loads(ended.stdout))


def test_a_request_is_repeated_from_its_attributes(found: Any, read: Any) -> None:
    cases = read(found("error")["eval_candidate"], "json").json()["cases"]

    assert [case["input"]["cart.gift_cards"] for case in cases] == [2, 1, 0]
    assert list(cases[0]["input"]) == [
        "http.request.method", "http.route", "url.path", "url.query", "cart.gift_cards",
    ]  # fmt: skip
    assert {case["input_from"] for case in cases} == {"attributes"}


def test_attributes_are_no_arguments_of_a_function(found: Any, read: Any, tmp_path: Path) -> None:
    content = read(found("error")["eval_candidate"], "pytest").content

    ended = run_pytest(tmp_path, content, {"status": "sent"}, 0, EVAL_PASS="arguments")

    assert ended.returncode == 4
    assert "is no arguments" in ended.stdout
    assert "TypeError" not in ended.stdout


@pytest.mark.parametrize("signal", ["repeated_call", "unfounded_answer"])
def test_a_failing_run_is_asked_its_question_again(signal: str, found: Any, read: Any) -> None:
    [case] = read(found(signal)["eval_candidate"], "json").json()["cases"]

    assert (case["input"], case["input_from"]) == (QUESTION, "question")
    assert signal == "unfounded_answer" or case["call_input"] == {"order": 17}
    assert "`calls`" in case["result_form"] or "`answer`" in case["result_form"]


def test_a_rating_has_the_question_of_what_was_rated(
    alice: MintedProject, call: Callable[..., Any], read: Any
) -> None:
    call("POST", "/v1/traces", alice.keys["producer"], request(*RECORDED["repeated_call"]()))
    for rated in ("trace", "nowhere"):
        said = {"rating": "down", "trace_id": trace_id(rated), "comment": "no"}
        assert call("POST", "/v1/feedback", alice.keys["feedback"], said).status_code == 202
    issues = [issue for issue in diagnose(call, alice)["issues"] if issue["signal_type"] == "user_signal"]
    by_service = {issue["service"]: issue for issue in issues}

    [case] = read(by_service["shop"]["eval_candidate"], "json").json()["cases"]
    nothing = read(by_service[None]["eval_candidate"], "json").json()["cases"]
    refused = read(by_service[None]["eval_candidate"], "promptfoo").json()["error"]

    assert (case["input"], case["input_from"]) == (QUESTION, "question")
    assert nothing == []
    assert "No input was recorded" in refused["message"]


def test_long_attributes_are_cut_and_say_so(
    alice: MintedProject, call: Callable[..., Any], read: Any
) -> None:
    [first, *_] = RECORDED["error"]()
    first["attributes"].append({"key": "http.request.body", "value": {"stringValue": "x" * 5000}})
    call("POST", "/v1/traces", alice.keys["producer"], request(first))
    [issue] = diagnose(call, alice)["issues"]

    [case] = read(issue["eval_candidate"], "json").json()["cases"]

    assert len(case["input"]["http.request.body"]) == 2000
    assert case["cut"] == {"http.request.body": 5000}
