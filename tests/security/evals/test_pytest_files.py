"""
pytest itself over a few hundred hostile files, with doctest on: nothing runs, and each case arrives unchanged.

https://docs.pytest.org/en/stable/how-to/doctest.html
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.evals.formats import pytest_file
from tests.security.evals.sandbox import all_hostile_texts, make_sandbox
from tests.security.exports.hostile_values import MARK

pytestmark = pytest.mark.evals
TARGET = """
import json, os

def run(case):
    with open(os.environ["SEEN"], "a") as file:
        file.write(json.dumps([case["input"], case["output"], case["failure"]]) + "\\n")
    return {"status": "done", "expected": case["expected"]}
"""


def hostile_file(number: int, text: str) -> tuple[str, bytes]:
    """The name and the content of an eval in which every text is the given one."""
    case = {
        "record_id": f"rec_{number:048x}", "input": {text: text}, "output": text, "expected": text, "replayable": True,
        "tool": text, "model": text, "failure": text or "x",
    }  # fmt: skip
    document = {
        "eval_id": f"tool-ship-{number:04}-v1", "title": text, "signal_type": "tool_call_failed", "cases": [case],
        "expectation": "The tool call returns a result without an error.",
    }  # fmt: skip
    return pytest_file.file_name(str(document["eval_id"])), pytest_file.render(document)


def test_nothing_runs_and_every_case_arrives(tmp_path: Path) -> None:
    sandbox = make_sandbox(tmp_path)
    texts = all_hostile_texts(sandbox.canary)
    (tmp_path / "files").mkdir()
    (tmp_path / "target.py").write_text(TARGET)
    for number, text in enumerate(texts):
        name, content = hostile_file(number, text)
        (tmp_path / "files" / name).write_bytes(content)
    environment = sandbox.environment(
        EVAL_TARGET="target", PYTHONPATH=str(tmp_path), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        SEEN=str(tmp_path / "seen.jsonl"), PYTHONIOENCODING="utf-8", NO_COLOR="1",
    )  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-vv",
        "-s",
        "--doctest-modules",
        "-p",
        "no:cacheprovider",
        "files",
    ]

    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, timeout=300, check=False
    )

    printed = ended.stdout.decode()
    seen = [json.loads(line) for line in (tmp_path / "seen.jsonl").read_text().splitlines()]
    # Each fails, since the answer is not the expected text, which is so printed.
    assert f"{len(texts)} failed" in printed.splitlines()[-1]
    # In the order of the files' names, which are hashes.
    assert sorted(map(json.dumps, seen)) == sorted(
        json.dumps([{text: text}, text, text or "x"]) for text in texts
    )
    assert not sandbox.canary.exists()
    assert MARK not in printed
    assert show_hidden(printed) == printed
