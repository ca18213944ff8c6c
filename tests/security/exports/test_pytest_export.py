"""
Nothing from telemetry is code in an eval's pytest file: not for Python, doctest, pytest, or the terminal it prints to.

https://docs.pytest.org/en/stable/how-to/doctest.html, https://peps.python.org/pep-0263/, https://trojansource.codes
"""

from __future__ import annotations

import ast
import doctest
import io
import json
import os
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.evals.formats import pytest_file
from loopkit.http.untrusted import WARNING
from tests.security.exports.hostile_values import hostile_texts, hostile_values

FROM_TELEMETRY = ("TITLE", "CASES")


def pytest_source(title: str, value: Any = "x", expected: Any = None) -> bytes:
    """The file of a candidate with that title and one case with that value everywhere."""
    case = {
        "record_id": "rec_1", "input": value, "output": value, "expected": expected, "replayable": True,
        "tool": str(value), "model": str(value), "failure": str(value),
    }  # fmt: skip
    document = {
        "eval_id": "tool-ship-v1", "title": title, "signal_type": "tool_call_failed", "expectation": "It ends well.",
        "cases": [case],
    }  # fmt: skip
    return pytest_file.render(document)


def code_of(source: bytes) -> str:
    """The syntax tree of a file, without the values of the names in FROM_TELEMETRY."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in FROM_TELEMETRY:
            literals = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Constant)]
            literals[0].value = ""
    return ast.dump(tree)


def examples_of(source: bytes) -> list[doctest.Example]:
    """The examples that doctest would run."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.FunctionDef)]
    return [
        example
        for node in found
        for example in doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
    ]


FIRST_LINES = f'"""\n{WARNING}\n\nA failure that was recorded, as a test: TITLE names it, CASES has'.encode()
HARMLESS = code_of(pytest_source("harmless"))


@settings(max_examples=40)
@given(hostile_texts(), hostile_values())
def test_all_but_two_literals_is_the_same_whatever_was_recorded(title: str, value: Any) -> None:
    source = pytest_source(title, value)

    assert code_of(source) == HARMLESS
    assert examples_of(source) == []
    assert tokenize.detect_encoding(io.BytesIO(source).readline)[0] == "utf-8"
    assert show_hidden(source.decode()) == source.decode()


@given(hostile_values())
def test_the_recorded_calls_are_read_back_unchanged(value: Any) -> None:
    names: dict[str, Any] = {}

    exec(pytest_source("title", value), names)

    assert json.dumps(names["CASES"][0]["input"]) == json.dumps(value)


def test_pytest_runs_no_example_and_prints_no_escape_sequence(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    title, recorded = f">>> open({str(canary)!r}, 'w').close()", "\x1b]0;title\x07\n\x9b31m\nline"
    (tmp_path / "test_eval.py").write_bytes(pytest_source(title, {"a": title}, expected=recorded))
    (tmp_path / "target.py").write_text("def run(case):\n    return 'other ' + case['expected']\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-vv",
        "--doctest-modules",
        "-p",
        "no:cacheprovider",
        "test_eval.py",
    ]
    environment = os.environ | {
        "EVAL_TARGET": "target", "PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip

    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)

    assert b"1 failed" in ended.stdout, ended.stdout
    assert not canary.exists()
    assert show_hidden(ended.stdout.decode()) == ended.stdout.decode()
