"""
An eval candidate in the forms that test runners read: JSON, JSONL, pytest, promptfoo.

The pytest file runs as it is: it looks for `run(case)` in the module that EVAL_TARGET names, and fails while the
target fails. https://www.promptfoo.dev/docs/configuration/test-cases/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

PYTEST = '''"""
{title}

Expectation: {expectation}
Set EVAL_TARGET to `package.module` with a function `run(case)` that makes the call again with case["input"] and
returns its result; an exception, or a result with an "error" key, fails the eval.
"""

import importlib
import json
import os

import pytest

CASES = json.loads({cases!r})


@pytest.mark.parametrize("case", CASES, ids=[case["record_id"] for case in CASES])
def test_{name}(case):
    run = importlib.import_module(os.environ["EVAL_TARGET"]).run

    result = run(case)

    assert not (isinstance(result, dict) and result.get("error")), result
    if case["expected"] is not None:
        assert result == case["expected"]
'''


def as_json(document: dict[str, Any]) -> bytes:
    """The candidate itself."""
    return orjson.dumps({"ok": True, **document})


def as_jsonl(document: dict[str, Any]) -> bytes:
    """One case a line, each with the candidate's id and expectation."""
    head = {"eval_id": document["eval_id"], "expectation": document["expectation"]}
    return b"".join(orjson.dumps(head | case) + b"\n" for case in document["cases"])


def as_pytest(document: dict[str, Any]) -> bytes:
    """A test module."""
    name = document["eval_id"].replace("-", "_")
    text = PYTEST.format(
        title=quoted(document["title"]),
        expectation=quoted(document["expectation"]),
        cases=orjson.dumps(document["cases"]).decode(),
        name=name,
    )
    return text.encode()


def as_promptfoo(document: dict[str, Any]) -> bytes:
    """A promptfoo configuration; YAML reads JSON."""
    tests = [
        {
            "description": case["record_id"],
            "vars": {"input": case["input"]},
            "assert": [{"type": "llm-rubric", "value": document["expectation"]}],
        }
        for case in document["cases"]
    ]
    config = {"description": document["title"], "prompts": ["{{input}}"], "tests": tests}
    return orjson.dumps(config, option=orjson.OPT_INDENT_2)


def quoted(text: str) -> str:
    """Untrusted text inside a docstring."""
    return text.replace("\\", "\\\\").replace('"', "'")


FORMATS: dict[str, tuple[str, Callable[[dict[str, Any]], bytes]]] = {
    "json": ("application/json", as_json),
    "jsonl": ("application/x-ndjson", as_jsonl),
    "pytest": ("text/x-python; charset=utf-8", as_pytest),
    "promptfoo": ("application/yaml", as_promptfoo),
}
