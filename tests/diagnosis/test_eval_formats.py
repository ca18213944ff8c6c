"""Eval candidates in the forms that test runners read. The pytest file runs as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from diagnosis.eval_formats import as_jsonl, as_promptfoo, as_pytest

DOCUMENT: dict[str, Any] = {
    "eval_id": "tool-lookup-order-v1",
    "cluster_id": "clu_0000000000000007",
    "title": 'tool lookup_order: order "A-1" \\ not found """ import os',
    "operation": "tool lookup_order",
    "unit": "tool_call",
    "expectation": "The tool call returns a result without an error.",
    "cases": [
        {
            "record_id": "rec_1", "input": {"order_id": "it's \"A-1\"\n"}, "output": None, "expected": None,
            "replayable": True, "tool": "lookup_order", "model": None, "failure": "order not found",
        }
    ],
}  # fmt: skip
STUB = """
def run(case):
    assert case["input"]["order_id"] == "it's \\"A-1\\"\\n"
    {ending}
"""


def run(folder: Path, ending: str) -> subprocess.CompletedProcess[str]:
    """The eval against a tool that ends like this."""
    (folder / "test_eval.py").write_bytes(as_pytest(DOCUMENT))
    (folder / "target.py").write_text(STUB.format(ending=ending))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_eval.py"]
    environment = os.environ | {
        "EVAL_TARGET": "target", "PYTHONPATH": str(folder), "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # fmt: skip
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("ending", "passes"),
    [
        ("return {'status': 'sent'}", True),
        ("raise KeyError('A-1')", False),
        ("return {'error': 'gone'}", False),
    ],
)
def test_the_pytest_file_fails_while_the_tool_fails(tmp_path: Path, ending: str, passes: bool) -> None:
    done = run(tmp_path, ending)

    assert (done.returncode == 0) == passes, done.stdout
    assert ("1 passed" if passes else "1 failed") in done.stdout


def test_jsonl_has_one_case_a_line() -> None:
    [line] = as_jsonl(DOCUMENT).splitlines()

    assert json.loads(line)["expectation"] == DOCUMENT["expectation"]


def test_promptfoo_gets_the_input_as_a_variable() -> None:
    config = json.loads(as_promptfoo(DOCUMENT))

    assert config["tests"][0]["vars"] == {"input": DOCUMENT["cases"][0]["input"]}
