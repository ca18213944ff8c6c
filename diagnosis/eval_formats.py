"""
An eval candidate in the forms that test runners read: JSON, JSONL, pytest (eval_pytest.py), promptfoo.

https://www.promptfoo.dev/docs/configuration/expected-outputs/javascript/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from diagnosis.eval_pytest import as_pytest

# For promptfoo the output is a text; one that is JSON tells of an error as a tool's result does.
NO_ERROR = (
    "(() => { if (/^\\s*(error|exception|traceback)\\b/i.test(output)) return false; "
    "try { const r = JSON.parse(output); return !(r && (r.error || r.isError || r.is_error)); } "
    "catch (e) { return true; } })()"
)
RULED = frozenset(
    {"error", "tool_call_failed", "llm_call_failed"}
)  # NO_ERROR decides these; the rest needs a judge


def as_json(document: dict[str, Any]) -> bytes:
    """The candidate itself."""
    return orjson.dumps({"ok": True, **document})


def as_jsonl(document: dict[str, Any]) -> bytes:
    """One case a line, each with the candidate's id and expectation."""
    head = {"eval_id": document["eval_id"], "expectation": document["expectation"]}
    return b"".join(orjson.dumps(head | case) + b"\n" for case in document["cases"])


def as_promptfoo(document: dict[str, Any]) -> bytes:
    """A promptfoo configuration; YAML reads JSON."""
    tests = [
        {
            "description": case["record_id"],
            "vars": {"input": case["input"]},
            "assert": expected(document, case),
        }
        for case in document["cases"]
    ]
    config = {"description": document["title"], "prompts": ["{{input}}"], "tests": tests}
    return orjson.dumps(config, option=orjson.OPT_INDENT_2)


def expected(document: dict[str, Any], case: dict[str, Any]) -> list[dict[str, Any]]:
    """The expectation as assertions: by rule where one decides, else for a model that judges."""
    if document.get("signal_type") not in RULED:
        return [{"type": "llm-rubric", "value": document["expectation"]}]
    failed = [{"type": "not-equals", "value": case["output"]}] if isinstance(case["output"], str) else []
    return [{"type": "javascript", "value": NO_ERROR}, *failed]


FORMATS: dict[str, tuple[str, Callable[[dict[str, Any]], bytes]]] = {
    "json": ("application/json", as_json),
    "jsonl": ("application/x-ndjson", as_jsonl),
    "pytest": ("text/x-python; charset=utf-8", as_pytest),
    "promptfoo": ("application/yaml", as_promptfoo),
}
