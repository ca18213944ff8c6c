"""
An eval candidate as a pytest file that runs as it is; only what makes the call again is named from outside.

The expectation is checked by the rule that told the failure, so the file fails as long as the failure is there.
https://docs.pytest.org/en/stable/how-to/parametrize.html
"""

from __future__ import annotations

from typing import Any

import orjson

FILE = '''"""
{title}

Expectation: {expectation}

EVAL_TARGET names what makes the call again, and returns its result; an exception fails the eval:
- `package.module` with a function `run(case)`, or `package.module:function`, which get the case;
- the same with EVAL_PASS=arguments: the function gets case["input"] as keyword arguments, as the tool itself does;
- an http(s) URL: case["input"] is posted as JSON, and the answer is the result.
"""

import collections
import importlib
import json
import os
import re
import time
import urllib.request

import pytest

RULE = {rule!r}
CASES = json.loads({cases!r})
TRUNCATED = {{"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit"}}


def call(case):
    target = os.environ.get("EVAL_TARGET") or pytest.fail("Set EVAL_TARGET to what makes the call again.")
    if target.startswith(("http://", "https://")):
        head, body = {{"Content-Type": "application/json"}}, json.dumps(case["input"]).encode()
        with urllib.request.urlopen(urllib.request.Request(target, body, head)) as answer:
            text = answer.read().decode()
        try:
            return json.loads(text)
        except ValueError:
            return text
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name or "run")
    return function(**case["input"]) if os.environ.get("EVAL_PASS") == "arguments" else function(case)


def problem(case, result, seconds):
    facts = result if isinstance(result, dict) else {{}}
    if any(facts.get(name) for name in ("error", "isError", "is_error")) or facts.get("status") == "error":
        return "the result tells of an error"
    if isinstance(result, str) and re.match(r"\\s*(error|exception|traceback)\\b", result, re.I):
        return "the result begins as an error"
    if RULE == "output_truncated" and str(facts.get("finish_reason")).lower() in TRUNCATED:
        return "the answer is cut"
    if RULE == "latency":
        before = re.search(r"was ([\\d.]+) ms", case["failure"] or "")
        return "twice as slow as before" if before and seconds * 1000 > 2 * float(before[1]) else ""
    if RULE == "repeated_call":
        made = collections.Counter(json.dumps(one, sort_keys=True) for one in facts.get("calls", []))
        return "" if made and max(made.values()) < 3 else "`calls` of the result is missing, or has one 3 times"
    if case["output"] is not None and result == case["output"]:
        return "the output is the one that failed"
    return ""


@pytest.mark.parametrize("case", CASES, ids=[case["record_id"] for case in CASES])
def test_{name}(case):
    started = time.monotonic()

    result = call(case)

    found = problem(case, result, time.monotonic() - started)
    assert not found, (found, result)
    if case["expected"] is not None:
        assert result == case["expected"]
'''


def as_pytest(document: dict[str, Any]) -> bytes:
    """A test module."""
    text = FILE.format(
        title=quoted(document["title"]),
        expectation=quoted(document["expectation"]),
        rule=document.get("signal_type", ""),
        cases=orjson.dumps(document["cases"]).decode(),
        name=document["eval_id"].replace("-", "_"),
    )
    return text.encode()


def quoted(text: str) -> str:
    """Untrusted text inside a docstring."""
    return text.replace("\\", "\\\\").replace('"', "'")
