"""Eval candidates in the forms that test runners read. The pytest file runs as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.evals import formats
from diagnosis.evals.formats.json_lines import render as as_jsonl
from diagnosis.evals.formats.promptfoo_config import render as as_promptfoo
from diagnosis.evals.formats.pytest_file import render as as_pytest
from tests.diagnosis.eval_results import RESULTS

DOCUMENT: dict[str, Any] = {
    "eval_id": "tool-lookup-order-v1",
    "cluster_id": "clu_0000000000000007",
    "title": 'tool lookup_order: order "A-1" \\ not found """ import os',
    "operation": "tool lookup_order",
    "unit": "tool_call",
    "signal_type": "tool_call_failed",
    "expectation": "The tool call returns a result without an error.",
    "cases": [
        {
            "record_id": "rec_1", "input": {"order_id": "it's \"A-1\"\n"}, "output": None, "expected": None,
            "replayable": True, "tool": "lookup_order", "model": None, "failure": "order not found",
        }
    ],
}  # fmt: skip
TOOL = """
def lookup_order(order_id):
    assert order_id == "it's \\"A-1\\"\\n"
    {ending}
"""


def replayable(signal_type: str) -> dict[str, Any]:
    """A candidate of that signal, of which a call can be repeated."""
    return {"signal_type": signal_type, "cases": [{"input": "x", "replayable": True}]}


def run(folder: Path, ending: str) -> subprocess.CompletedProcess[str]:
    """The eval against a tool that ends like this."""
    (folder / "test_eval.py").write_bytes(as_pytest(DOCUMENT))
    (folder / "tools.py").write_text(TOOL.format(ending=ending))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_eval.py"]
    environment = os.environ | {
        "EVAL_TARGET": "tools:lookup_order", "EVAL_PASS": "arguments",
        "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # fmt: skip
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_pytest_file_fails_as_long_as_the_tool_does(tmp_path: Path) -> None:
    failing = run(tmp_path, "return 'Error: order not found'")

    fixed = run(tmp_path, "return {'status': 'sent'}")

    assert (failing.returncode, fixed.returncode) == (1, 0), failing.stdout + fixed.stdout
    assert ("1 failed" in failing.stdout, "1 passed" in fixed.stdout) == (True, True)


class Echo(BaseHTTPRequestHandler):
    """An endpoint that answers with what it was asked."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"asked": %s}' % asked)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def loaded(**changes: Any) -> dict[str, Any]:
    """What the pytest file defines."""
    names: dict[str, Any] = {}
    exec(as_pytest(DOCUMENT | changes), names)
    return names


TARGET = """
import json, time

def run(case):
    time.sleep({seconds})
    return json.loads({result!r})
"""


def outcome(folder: Path, document: dict[str, Any], result: Any, seconds: float) -> tuple[int, str]:
    """The exit code of pytest, and what it said, against a target that returns the result."""
    (folder / "test_eval.py").write_bytes(as_pytest(document))
    (folder / "target.py").write_text(TARGET.format(result=json.dumps(result), seconds=seconds))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_eval.py"],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {
            "EVAL_TARGET": "target", "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
    )  # fmt: skip
    return ended.returncode, ended.stdout


def of_signal(signal: str) -> dict[str, Any]:
    """A candidate about that signal, with the case that its examples belong to."""
    cases = [DOCUMENT["cases"][0] | {"tool": None} | RESULTS[signal].case]
    return DOCUMENT | {"signal_type": signal, "cases": cases}


@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_the_pytest_file_fails_while_the_failure_is_there_or_is_not_offered(
    signal: str, tmp_path: Path
) -> None:
    why = formats.left_out(replayable(signal)).get("pytest")
    assert why or signal in RESULTS, f"{signal} has no examples in tests/diagnosis/eval_results.py"
    if why:
        assert why.endswith(".")
        return
    examples, document = RESULTS[signal], of_signal(signal)

    failing = outcome(tmp_path, document, examples.failing, examples.failing_seconds)
    healthy = outcome(tmp_path, document, examples.healthy, 0)

    assert ("1 failed" in failing[1], failing[0]) == (True, 1), failing[1]
    assert ("1 passed" in healthy[1], healthy[0]) == (True, 0), healthy[1]


@pytest.mark.parametrize(
    ("signal", "result"),
    [(signal, result) for signal, examples in RESULTS.items() for result in examples.also_failing],
)
def test_each_check_knows_other_forms_of_the_failure(signal: str, result: Any) -> None:
    case = of_signal(signal)["cases"][0]

    assert ALL_SIGNALS[signal].eval_problem(case, result, 0.0)


@pytest.mark.parametrize(
    ("signal", "result"),
    [(signal, result) for signal, examples in RESULTS.items() for result in examples.also_healthy],
)
def test_each_check_is_silent_on_what_only_looks_alike(signal: str, result: Any) -> None:
    case = of_signal(signal)["cases"][0]

    assert ALL_SIGNALS[signal].eval_problem(case, result, 0.0) == ""


def test_a_failure_that_no_signal_knows_has_no_pytest_file() -> None:
    assert "pytest" not in formats.offered_formats(replayable("acme_stalled"))
    assert "pytest" not in formats.offered_formats({})


def test_what_a_rule_over_a_window_found_stands_in_the_title() -> None:
    case = of_signal("missing_call")["cases"][0] | {"failure": None}
    document = of_signal("missing_call") | {
        "title": "handle: no longer calls INSERT orders: 9 of 9 traces lack the call, before 0 of 9",
        "cases": [case],
    }

    names = loaded(**document)

    assert names["eval_problem"](names["CASES"][0], {"calls": ["INSERT orders"]}, 0.0) == ""


def test_an_endpoint_is_asked_with_the_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.handle_request).start()
        monkeypatch.setenv("EVAL_TARGET", f"http://127.0.0.1:{server.server_port}")

        result = loaded()["call"](DOCUMENT["cases"][0])

    assert result == {"asked": DOCUMENT["cases"][0]["input"]}


def test_a_target_that_nobody_named_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVAL_TARGET", raising=False)

    with pytest.raises(pytest.fail.Exception, match="Set EVAL_TARGET"):
        loaded()["call"](DOCUMENT["cases"][0])


def test_jsonl_has_one_case_a_line() -> None:
    [line] = as_jsonl(DOCUMENT).splitlines()

    assert json.loads(line)["expectation"] == DOCUMENT["expectation"]


def test_promptfoo_gets_the_input_as_a_variable() -> None:
    config = json.loads(as_promptfoo(DOCUMENT))

    sent = json.loads(config["tests"][0]["vars"]["input"])
    assert json.loads(sent) == DOCUMENT["cases"][0]["input"]


@pytest.mark.parametrize(
    ("rule", "kind"),
    [("tool_call_failed", "javascript"), ("user_signal", "llm-rubric"), ("output_truncated", "llm-rubric")],
)
def test_promptfoo_asserts_by_rule_where_one_decides(rule: str, kind: str) -> None:
    config = json.loads(as_promptfoo(DOCUMENT | {"signal_type": rule}))

    assert config["tests"][0]["assert"][0]["type"] == kind


@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_promptfoo_is_offered_only_where_a_text_shows_the_failure(signal: str) -> None:
    why = formats.left_out(replayable(signal)).get("promptfoo", "")

    assert bool(why) == (ALL_SIGNALS[signal].IN_OUTPUT == "")
    assert ALL_SIGNALS[signal].IN_OUTPUT in ("error", "judged", "")


@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_every_failure_has_a_form_that_runs(signal: str) -> None:
    assert formats.runner_of(signal) in formats.offered_formats(replayable(signal))


def test_a_target_that_gives_nothing_back_proves_nothing(tmp_path: Path) -> None:
    silent = run(tmp_path, "return None")

    assert silent.returncode == 1
    assert "return what the repeated call gave back" in silent.stdout


def test_promptfoo_is_not_offered_where_no_input_was_recorded() -> None:
    attributes = replayable("tool_call_failed") | {"cases": [{"input": {"cart": 1}, "replayable": False}]}

    assert "No input was recorded" in formats.left_out(attributes)["promptfoo"]
    assert "pytest" in formats.offered_formats(attributes)


def test_a_candidate_without_any_input_is_not_run() -> None:
    stored = replayable("tool_call_failed") | {"cases": [{"input": None, "replayable": False}]}

    for document in (stored, stored | {"cases": []}):
        assert list(formats.offered_formats(document)) == ["json", "jsonl"]
        assert "neither a captured call nor attributes" in formats.left_out(document)["pytest"]


def test_a_case_of_an_earlier_release_without_an_input_is_left_out() -> None:
    case = DOCUMENT["cases"][0]

    cases = loaded(cases=[case | {"input": None}, case])["CASES"]

    assert [each["input"] for each in cases] == [case["input"]]


def test_no_hidden_character_reaches_a_file_that_people_read() -> None:
    hidden = "order \u202e41\U000e0041\u3164"
    document = DOCUMENT | {"title": hidden, "cases": [DOCUMENT["cases"][0] | {"input": hidden}]}

    for render in (as_pytest, as_promptfoo):
        assert show_hidden(render(document).decode()) == render(document).decode()
    assert json.loads(json.loads(as_promptfoo(document))["tests"][0]["vars"]["input"]) == hidden
