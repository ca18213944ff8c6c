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

from diagnosis.eval_formats import as_jsonl, as_promptfoo
from diagnosis.eval_pytest import as_pytest

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


CASE = {"output": "no stock", "failure": "takes 5.0 times as long as before: median 50.0 ms, was 10.0 ms"}
ONE, OTHER = {"tool": "find", "order": 1}, {"tool": "find", "order": 2}


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("tool_call_failed", {"status": "sent"}, {"error": "gone"}),
        ("tool_call_failed", "shipped", "no stock"),
        ("llm_call_failed", "hello", "Error: overloaded"),
        ("output_truncated", {"finish_reason": "stop"}, {"finish_reason": "LENGTH"}),
        ("user_signal", "plenty", "no stock"),
        ("repeated_call", {"calls": [ONE, OTHER, ONE]}, {"calls": [ONE, OTHER, ONE, ONE]}),
        ("repeated_call", {"calls": [ONE]}, {}),
    ],
)
def test_each_expectation_is_checked_by_its_rule(rule: str, good: Any, bad: Any) -> None:
    problem = loaded(signal_type=rule)["problem"]

    assert problem(CASE, good, 0.0) == ""
    assert problem(CASE, bad, 0.0)


def test_slowness_is_measured_against_what_was_usual() -> None:
    problem = loaded(signal_type="latency")["problem"]

    assert [bool(problem(CASE, "no stock", seconds)) for seconds in (0.019, 0.021)] == [False, True]


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

    assert config["tests"][0]["vars"] == {"input": DOCUMENT["cases"][0]["input"]}


@pytest.mark.parametrize(
    ("rule", "kind"), [("tool_call_failed", "javascript"), ("user_signal", "llm-rubric")]
)
def test_promptfoo_asserts_by_rule_where_one_decides(rule: str, kind: str) -> None:
    config = json.loads(as_promptfoo(DOCUMENT | {"signal_type": rule}))

    assert config["tests"][0]["assert"][0]["type"] == kind
